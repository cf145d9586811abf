/** The error about values that cannot travel. */
import { brand } from "../brand.js";

/**
 * A value or a function cannot be sent to another interpreter, or a value that was sent here belongs to another guest language.
 * The message names the path to the culprit. If it is thrown while sending, nothing was sent. (CPython: `NotShareableError`.)
 *
 * @example
 * const value = { points: [{ x: 1, draw() {} }] };
 * const error = await createQueue<unknown>().put(value).catch((reason) => reason);
 * console.log(error instanceof NotShareableError); // true
 * console.log(error.message); // Cannot copy to another interpreter: value.points[0].draw is a function…
 */
export class NotShareableError extends TypeError {
  /** Names the kind of error; it never changes, whereas messages may. */
  readonly code = "ERR_NOT_SHAREABLE";
  /**
   * Of an error that `getMany` or `getManySync` threw because an item could not be read: the other items, in order, which were
   * taken out of the queue with it. Undefined if that was the only item. Not enumerable.
   */
  declare readonly items?: readonly unknown[];
}
brand(NotShareableError, "NotShareableError");
