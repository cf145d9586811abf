/** The errors of limits that passed. */

// As it was when this was loaded: a program may replace it.
const { DOMException } = globalThis;

/** The error of an operation whose time limit passed: a `DOMException` named `TimeoutError`, as `AbortSignal.timeout` has it. */
export function timeoutError(message: string, cause?: unknown): DOMException {
  const error = new DOMException(message, "TimeoutError");
  // The constructor takes a cause in newer runtimes only.
  if (cause !== undefined)
    Object.defineProperty(error, "cause", { value: cause, writable: true, configurable: true });
  return error;
}
