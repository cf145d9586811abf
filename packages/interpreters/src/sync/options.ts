/** The options of operations that wait for a synchronization object, and their check. */
import { checkOptions, checkSignal, checkTimeout, noOptions, ownOptions } from "../base/check.js";

/** Options of operations that wait for a synchronization object. An unknown option is a TypeError. */
export interface CoordinationOptions {
  /** Milliseconds to wait; 0 tries once. Then the operation fails with a `TimeoutError` (a `DOMException`). Default: no limit. */
  timeout?: number | undefined;
  /**
   * Ends the wait: the operation rejects with the signal's reason. A blocking form throws the reason if the signal is aborted already; no
   * abort can reach a blocked thread. Default: none.
   */
  signal?: AbortSignal | undefined;
}

const KNOWN = ["timeout", "signal"];

/** No options. Passed by identity, so that an operation without options need not be checked. */
export const NO_OPTIONS: CoordinationOptions = noOptions(KNOWN);

/** Checks the options of `what`. Returns the time limit. @throws TypeError, RangeError; the signal's reason if it has aborted */
export function checkWait(what: string, options: CoordinationOptions): number {
  if (options === NO_OPTIONS) return Infinity;
  checkOptions(what, options, KNOWN);
  const { timeout, signal } = ownOptions(options);
  checkSignal(signal);
  const limit = checkTimeout(timeout);
  signal?.throwIfAborted();
  return limit;
}
