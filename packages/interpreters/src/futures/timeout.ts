/** The error of a wait whose time limit passes. */

// As it was when this was loaded: a program may replace the global.
const { DOMException: NativeDOMException } = globalThis;

export function timeoutError(message: string): DOMException {
  return new NativeDOMException(message, "TimeoutError");
}
