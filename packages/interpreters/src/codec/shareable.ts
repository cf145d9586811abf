/** Whether a value may travel to another interpreter (PEP 734: `is_shareable`). */
import { NotShareableError } from "../base/errors.js";
import { encode } from "./codec.js";
import { acquireScratch, releaseScratch } from "./scratch.js";

/**
 * Returns whether a queue's `put(value)` would accept the value. If a getter in it throws, so does this function.
 *
 * @example
 * isShareable({ when: new Date() }); // true
 * isShareable({ onClick() {} }); // false
 */
export function isShareable(value: unknown): boolean {
  const scratch = acquireScratch();
  try {
    encode(scratch, value, "value");
    return true;
  } catch (error) {
    if (error instanceof NotShareableError) return false;
    throw error;
  } finally {
    releaseScratch(scratch);
  }
}
