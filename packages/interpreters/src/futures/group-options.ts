/** The options of a task group, and what counts as a failure of its tasks. */
import { checkOptions, checkSignal, checkTimeout } from "../base/check.js";
import { CancelledError } from "../base/errors.js";
import type { Future } from "./future.js";

/** Options of `InterpreterPoolExecutor.group`. An unknown option is a TypeError. */
export interface GroupOptions {
  /** Cancels the group when it aborts. The block then throws the signal's reason. Default: none. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds, from the call of `group` on, after which the group is cancelled. The block then throws a `TimeoutError`
   * DOMException. Default: no limit.
   */
  timeout?: number | undefined;
}

/** Whether the task failed because its signal aborted. */
export function wasAborted({ wasAborted, options: { signal } }: Future<unknown>, reason: unknown): boolean {
  return wasAborted || (signal?.aborted === true && signal.reason === reason);
}

/** `cancel()` is no failure. */
export const NO_ERROR = Symbol("cancelled");

/** The error of the futures of cancelled tasks. */
export function cancelledError(cause: unknown): CancelledError {
  if (cause instanceof CancelledError) return cause;
  return new CancelledError(
    "The task was cancelled: its group was cancelled",
    cause === NO_ERROR ? undefined : { cause },
  );
}

/** @throws TypeError, RangeError a bad option */
export function checkGroupOptions(options: GroupOptions): void {
  checkOptions("group", options, ["signal", "timeout"]);
  checkSignal(options.signal);
  checkTimeout(options.timeout);
}
