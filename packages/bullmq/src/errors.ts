/** The errors of this package: `InterpreterError`s with codes of their own. */
import { inspect } from "node:util";
import { InterpreterError } from "interpreters";

/**
 * Codes of errors that this package makes, besides those of `interpreters`.
 *
 * | `code` | meaning |
 * | --- | --- |
 * | `ERR_REDIS_UNREACHABLE` | no connection to Redis could be made within `connectTimeout` |
 * | `ERR_REDIS_REFUSED` | Redis refused the connection or a command: a wrong password, no memory left, … |
 * | `ERR_FUNCTION_NOT_FOUND` | the worker does not have the function's module |
 * | `ERR_FUNCTION_DIFFERS` | the worker has another version of the function's module |
 * | `ERR_VALUE_TOO_LARGE` | the arguments or the result have more bytes than `maxValueSize` |
 * | `ERR_TASK_LOST` | Redis has lost the task, or its job ended without an outcome |
 * | `ERR_TASK_VERSION` | executor and worker are of versions that do not understand each other |
 */
export type BullMQErrorCode =
  | "ERR_REDIS_UNREACHABLE"
  | "ERR_REDIS_REFUSED"
  | "ERR_FUNCTION_NOT_FOUND"
  | "ERR_FUNCTION_DIFFERS"
  | "ERR_VALUE_TOO_LARGE"
  | "ERR_TASK_LOST"
  | "ERR_TASK_VERSION";

/** Makes an error of this package. */
export function makeError(code: BullMQErrorCode, message: string, cause?: unknown): InterpreterError {
  hideArguments(cause);
  return new InterpreterError(message, { code, ...(cause !== undefined && { cause }) });
}

/** Drivers attach the command to its error, with its arguments: a password, or the whole of a task. Neither belongs into logs. */
function hideArguments(error: unknown): void {
  const { command } = Object(error) as { command?: { args?: unknown } };
  if (command?.args !== undefined) command.args = [];
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error === undefined) return "";
  return error instanceof Error ? error.message : inspect(error);
}
