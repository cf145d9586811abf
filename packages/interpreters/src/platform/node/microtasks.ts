import { setImmediate } from "node:timers";

export const { Promise: NativePromise, queueMicrotask } = globalThis;

/**
 * Throws `error` in a turn of its own: it is an uncaught exception there, as by the `reportError` of browsers, and harms nothing
 * here.
 */
export function reportError(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
