/** The options of a task group, and what counts as a failure of its tasks. */
import { checkOptions, checkSignal, checkTimeout } from "../base/check.js";
import { CancelledError } from "../base/errors.js";
import { isError } from "../base/stacks.js";
import type { Future } from "./future.js";

// As it was when this was loaded: a program may replace it.
const { AggregateError } = globalThis;

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

/** Whether an error that leaves the body of `run` is only that of the cancelled group itself. */
export function isPassedOn(error: unknown, cancelled: { readonly error: unknown } | undefined): boolean {
  if (cancelled === undefined) return false;
  return error instanceof CancelledError || (isError(error) && error === cancelled.error);
}

/** Throws what the end of a group throws: a single error as it is, and several as an AggregateError. */
export function throwAll(errors: readonly unknown[]): void {
  if (errors.length === 0) return;
  const [first] = errors;
  if (errors.length === 1) throw first;
  throw new AggregateError(
    errors,
    `${errors.length} tasks of a group failed; the first: ${String(isError(first) ? first.message : first)}`,
  );
}

/** @throws TypeError, RangeError a bad option */
export function checkGroupOptions(options: GroupOptions): void {
  checkOptions("group", options, ["signal", "timeout"]);
  checkSignal(options.signal);
  checkTimeout(options.timeout);
}
