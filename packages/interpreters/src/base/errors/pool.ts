/** The errors about pools and their futures. */
import { brand } from "../brand.js";
import { InterpreterError } from "./interpreter.js";

/**
 * The pool can run no more tasks: its initializer threw or ended its interpreter, an interpreter could not be set up or started,
 * or the last one died and none can be started. Tasks in line reject with it and `submit` throws it; `cause` is the reason.
 * Code: `ERR_BROKEN_INTERPRETER_POOL`. (CPython: `concurrent.futures.interpreter.BrokenInterpreterPool`.)
 *
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1, initializer: () => import("node:dns") });
 * try {
 *   await executor.submit(() => 1);
 * } catch (error) {
 *   if (error instanceof BrokenInterpreterPool) console.error("Make another pool; this one failed because of", error.cause);
 * }
 */
export class BrokenInterpreterPool extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_BROKEN_INTERPRETER_POOL" });
  }
}
brand(BrokenInterpreterPool, "BrokenInterpreterPool");

/**
 * The future was cancelled before its task ran; `result()` and `exception()` throw it. Code: `ERR_CANCELLED`. (CPython:
 * `concurrent.futures.CancelledError`.)
 *
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * const first = executor.submit(() => new Promise((resolve) => setTimeout(resolve, 100)));
 * const second = executor.submit(() => 2);
 * console.log(second.cancel()); // true
 * const error = await second.catch((reason) => reason);
 * console.log(error instanceof CancelledError); // true
 * await first;
 */
export class CancelledError extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_CANCELLED" });
  }
}
brand(CancelledError, "CancelledError");
