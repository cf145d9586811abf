/** Tests of an array for the walk that writes: is it sparse, and does it have properties that are not elements? */

import { types } from "../platform/brand-checks.js";
import { safeInspect } from "./describe.js";

const { getPrototypeOf, keys: keysOf } = Object;
const ArrayPrototype: object = Array.prototype;

/** Up to this length `Object.keys` finds an array's other properties faster than `inspect` does. */
const SHORT_ARRAY = 96;
/** Arrays up to this length are never written as sparse. */
export const ALWAYS_DENSE = 64;

/** Whether so many elements are missing that holes are better not written one by one. */
export function isSparse(array: unknown[]): boolean {
  const { length } = array;
  let missing = 0;
  let i = 0;
  try {
    for (; i < length; i++) {
      if (array[i] === undefined && ++missing > ALWAYS_DENSE + i / 2) break;
    }
  } catch {
    // An element is a getter that throws: it throws again when the walk reads its value.
    return true;
  }
  if (i === length) return false;
  // Undefined elements that exist are not holes.
  return keysOf(array).length < length / 2;
}

const inspectedNothing = {
  maxArrayLength: 0,
  depth: 0,
  breakLength: Infinity,
  customInspect: false,
  showHidden: false,
  colors: false,
};

/**
 * Whether an array has no more properties than its `present` elements. JavaScript has no direct test, and every
 * indirect one takes longer for a longer array, except one: `inspect` with no elements shown.
 */
export function hasOnlyElements(array: unknown[], present: number): boolean {
  const { length } = array;
  if (length > SHORT_ARRAY && getPrototypeOf(array) === ArrayPrototype && !types.isProxy(array)) {
    if (safeInspect(array, inspectedNothing) === `[ ... ${length} more items ]`) return true;
  }
  return keysOf(array).length <= present;
}

/** Whether `key` is the index of an element. */
export function isElement(key: string, length: number): boolean {
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index < length && String(index) === key;
}
