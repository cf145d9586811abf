/** Reporting exceptions of user code that no caller can get: a listener, a sink or a callback threw. */
import { setImmediate } from "../platform/timers.js";

/**
 * Reports it as an uncaught exception in a turn of its own, as the Web's `reportError` does: whatever called the user code goes on
 * undisturbed.
 */
export function reportError(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/** Calls user code. A throw is reported, and does not reach the caller. */
export function callSafely<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): void {
  try {
    fn(...args);
  } catch (error) {
    reportError(error);
  }
}
