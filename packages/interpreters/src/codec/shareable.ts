/** Whether a value may travel to another interpreter (PEP 734: `is_shareable`). */
import { encode } from "./codec.js";
import type { Moved } from "./encoder.js";
import { acquireScratch, releaseScratch } from "./scratch.js";

/** Takes what `move` marked, and moves nothing. */
class Trial implements Moved {
  readonly kind = 0;
  readonly #marked = new Set<object>();

  has(object: object): boolean {
    return this.#marked.has(object);
  }

  toReference(): [number, number] {
    return [0, 0];
  }

  adopt(_object: object, movables: readonly object[]): void {
    for (const each of movables) this.#marked.add(each);
  }
}

/** Encodes the value as if it were sent. @throws NotShareableError it cannot travel; what a getter throws */
export function checkShareable(value: unknown, root: string): void {
  const scratch = acquireScratch();
  try {
    encode(scratch, value, root, false, new Trial());
  } finally {
    releaseScratch(scratch);
  }
}

/**
 * Returns whether a queue's `put(value)` would accept the value. Never throws: a value whose getter throws is not shareable, nor is
 * a proxy.
 *
 * @example
 * isShareable({ when: new Date() }); // true
 * isShareable({ onClick() {} }); // false
 */
export function isShareable(value: unknown): boolean {
  try {
    checkShareable(value, "value");
    return true;
  } catch {
    return false;
  }
}
