/** Whether a value may travel to another interpreter (PEP 734: `is_shareable`). */
import { encode } from "./codec.js";
import { acquireScratch, releaseScratch } from "./scratch.js";

/**
 * Returns whether a queue's `put(value)` would accept the value. Never throws: a value whose getter throws is not shareable, nor is
 * a proxy.
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
  } catch {
    return false;
  } finally {
    releaseScratch(scratch);
  }
}
