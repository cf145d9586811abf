/** A task's failure as its submitter sees it. */
import { type ExceptionInfo, ExecutionFailed } from "../base/errors.js";
import { REPLY_FAILURE } from "../wire/protocol.js";
import { type Trace, useTrace } from "../thread/trace.js";
import { callerFrames, hideOwnFrames } from "../base/stacks.js";

/**
 * An error that a task threw, as its future rejects with it: a copy of the original exception, of its own class if that
 * is a builtin one, with an `ExecutionFailed` that has the full display. (CPython hangs an `ExecutionFailed` off the
 * exception that `Future.result()` raises, as its `__cause__`.)
 *
 * Any `Error` is a `TaskError`, so no cast is needed to read the field:
 *
 *     executor.submit(task).catch((error: TaskError) => console.error(error.executionFailed?.excinfo.errdisplay));
 *
 *     if (error instanceof Error) {
 *       const { executionFailed }: TaskError = error;
 *     }
 */
export interface TaskError extends Error {
  /**
   * The exception as it left the interpreter: `excinfo.errdisplay` is what Node would have printed there, and `cause`
   * is this error. Absent if the task itself did not throw: its interpreter died, it was cancelled, or its result cannot
   * travel. Not enumerable.
   */
  readonly executionFailed?: ExecutionFailed;
}

/** The error that a reply of `status` (not REPLY_VALUE) and `value` stands for. */
export function failureOf(
  status: number,
  value: unknown,
  interpreter: number,
  trace: Trace | undefined,
): unknown {
  if (status === REPLY_FAILURE) {
    const [excinfo, thrown] = value as [ExceptionInfo, unknown];
    return original(interpreter, excinfo, thrown, trace);
  }
  if (value instanceof Error) useTrace(value, trace);
  return value;
}

/** The exception that the task threw, as itself. If it is an error, it becomes a TaskError. */
function original(
  interpreter: number,
  excinfo: ExceptionInfo,
  thrown: unknown,
  trace: Trace | undefined,
): unknown {
  if (!(thrown instanceof Error)) return thrown;
  hideOwnFrames(thrown);
  const failure = new ExecutionFailed(interpreter, excinfo, thrown);
  failure.useCallerFrames(trace?.stack);
  attach(thrown, failure);
  appendFrames(thrown, trace?.stack);
  return thrown;
}

/** Hangs the full display off an error. Not enumerable: `util.inspect` would show everything twice. */
function attach(error: TaskError, executionFailed: ExecutionFailed): void {
  const property: keyof TaskError = "executionFailed";
  Object.defineProperty(error, property, { value: executionFailed, configurable: true });
}

/** Continues the error's stack at the place where the task was submitted. */
export function appendFrames(error: Error, stack: string | undefined): void {
  const frames = callerFrames(stack);
  if (frames === "") return;
  const value = `${error.stack ?? `${error.name}: ${error.message}`}\n    --- submitted ---\n${frames}`;
  Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
}
