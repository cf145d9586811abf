/** Whether a value may travel to another interpreter (PEP 734: `is_shareable`). */
import { NotShareableError } from "../base/errors.js";
import { encode } from "./codec.js";
import { acquireScratch, releaseScratch } from "./scratch.js";

/**
 * Whether `put(value)` would accept it. A getter of the value's that throws, throws here too.
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
