/** Questions about an array that the walk asks before and after its elements: how to write it, and whether there is more to it. */

import { types } from "node:util";
import { safeInspect } from "./describe.js";

const { getPrototypeOf, keys: keysOf } = Object;
const ArrayPrototype: object = Array.prototype;

/** Up to this length `Object.keys` finds an array's other properties sooner than `inspect` does. */
const SHORT_ARRAY = 96;
/** Arrays up to this length are never written as sparse ones. */
export const ALWAYS_DENSE = 64;

/** Whether so much is missing that holes are better not written one by one. */
export function isSparse(array: unknown[]): boolean {
  const { length } = array;
  let missing = 0;
  let i = 0;
  try {
    for (; i < length; i++) {
      if (array[i] === undefined && ++missing > ALWAYS_DENSE + i / 2) break;
    }
  } catch {
    // An element that is a throwing getter: it throws again when its value is wanted.
    return true;
  }
  if (i === length) return false;
  // Many undefined elements that are really there are no holes.
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
 * Whether an array has no more properties than its `present` elements. There is no direct question, and every
 * indirect one takes longer the more elements there are, except one: a display that shows no elements.
 */
export function hasOnlyElements(array: unknown[], present: number): boolean {
  const { length } = array;
  if (length > SHORT_ARRAY && getPrototypeOf(array) === ArrayPrototype && !types.isProxy(array)) {
    if (safeInspect(array, inspectedNothing) === `[ ... ${length} more items ]`) return true;
  }
  return keysOf(array).length <= present;
}

export function isElement(key: string, length: number): boolean {
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index < length && String(index) === key;
}
