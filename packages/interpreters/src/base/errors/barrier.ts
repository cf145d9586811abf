/** The error about barriers. */
import { brand } from "../brand.js";
import { InterpreterError } from "./interpreter.js";

/**
 * A barrier is broken: one of its parties died or gave up waiting, or `abort` or `reset` ended the wait (CPython:
 * `threading.BrokenBarrierError`). Code: `ERR_BARRIER_BROKEN`.
 *
 * @example
 * const barrier = new Barrier(2);
 * const waiting = barrier.wait().catch((reason) => reason);
 * barrier.abort();
 * const error = await waiting;
 * console.log(error instanceof BrokenBarrierError); // true
 */
export class BrokenBarrierError extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_BARRIER_BROKEN" });
  }
}
brand(BrokenBarrierError, "BrokenBarrierError");
