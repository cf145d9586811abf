/**
 * The error that refuses a command, and the words for a failure of an item.
 *
 * A `UsageError` ends the command with exit code 2 before any item has run; the failure of an item is never one.
 */

import { inspect } from "node:util";

/** The user must change the command before anything can run: a bad option, a missing file, a broken module. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The description of a failed item, on stderr and in the `--errors` file. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** The whole description of a failed item, for the `--errors` file. */
export interface FullFailure extends Failure {
  /** The frames of the function, without those of this command. */
  readonly stack?: string;
  readonly cause?: FullFailure;
  /** The errors of an AggregateError. */
  readonly errors?: readonly FullFailure[];
}

/** How deep causes are described: errors can name each other in a circle. */
const DEEPEST_CAUSE = 8;
/** How many errors of an AggregateError are described. */
const MOST_ERRORS = 100;

/** Describes any thrown value. For a value that is not an error, the name is its type and the message its display. */
export function describeError(thrown: unknown): Failure {
  if (typeof thrown !== "object" || thrown === null || !("message" in thrown)) {
    const display = inspect(thrown, { breakLength: Infinity, compact: true, depth: 2 });
    return {
      name: thrown === null ? "null" : typeof thrown,
      message: `${display} was thrown, which is no error`,
    };
  }
  const name =
    "name" in thrown && typeof thrown.name === "string" && thrown.name !== "" ? thrown.name : "Error";
  const failure = { name, message: String(thrown.message) };
  return "code" in thrown && typeof thrown.code === "string" ? { ...failure, code: thrown.code } : failure;
}

/** Describes any thrown value with its stack, its causes, and the errors that it aggregates. */
export function describeFully(thrown: unknown, depth = 0): FullFailure {
  const failure = describeError(thrown);
  if (typeof thrown !== "object" || thrown === null || depth > DEEPEST_CAUSE) return failure;
  const { stack, cause, errors } = thrown as { stack?: unknown; cause?: unknown; errors?: unknown };
  return {
    ...failure,
    ...(typeof stack === "string" && { stack: ownFrames(stack) }),
    ...(cause !== undefined && { cause: describeFully(cause, depth + 1) }),
    ...(Array.isArray(errors) && {
      errors: errors.slice(0, MOST_ERRORS).map((each) => describeFully(each, depth + 1)),
    }),
  };
}

/** The stack up to the frames of the caller, which are always those of this command. */
function ownFrames(stack: string): string {
  const end = stack.search(/\n\s*--- submitted ---/);
  return end < 0 ? stack : stack.slice(0, end);
}

/** `Name: message` on one line: line breaks in the message become spaces. */
export function oneLine(failure: Failure): string {
  const message = failure.message.trim().replace(/\s*[\r\n]+\s*/g, " ");
  return message === "" ? failure.name : `${failure.name}: ${message}`;
}

/** A file system error in words, without code, system call and path. */
export function systemMessage(error: unknown): string {
  const { message, code } = describeError(error);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a directory";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  return message;
}
