/**
 * Errors whose class has a `toJSON` (axios, mongoose). Such a class says what may be shown of its errors, and usually hides what could
 * not be: requests, sockets, cycles. The copy has no class, so without its `toJSON` a logger's `JSON.stringify` would walk into that.
 *
 * The text that `JSON.stringify` makes of the error travels along, and the copy gets a `toJSON` of its own that returns the same. Own
 * properties travel as those of other errors do, hidden or not (`error.response.status` is what people look at), with two exceptions
 * among the hidden ones: instances of the runtime's classes, of which only a description could arrive, and values with a cycle.
 */

import { types } from "../../platform/brand-checks.js";
import { isOfRuntimeClass } from "../runtime-classes.js";

const { getOwnPropertyDescriptor, getPrototypeOf, keys: keysOf } = Object;

/** More objects than this, or deeper ones, are not searched for a cycle. */
const MOST_SEARCHED = 10_000;
const DEEPEST = 200;

/** What `JSON.stringify` makes of an error with a `toJSON`. */
export interface Shown {
  /** Undefined if `toJSON` returns undefined. */
  readonly text: string | undefined;
}

/** Returns undefined if the error has no `toJSON`, or `JSON.stringify` fails. */
export function shownByToJson(error: object): Shown | undefined {
  try {
    if (typeof (error as { toJSON?: unknown }).toJSON !== "function") return undefined;
    return { text: JSON.stringify(error) };
  } catch {
    return undefined;
  }
}

/** Returns those of the error's own enumerable keys that travel. */
export function keysBesides(shown: Shown, error: object): string[] {
  const json: unknown = shown.text === undefined ? undefined : JSON.parse(shown.text);
  const isShown = (key: string): boolean =>
    typeof json === "object" && json !== null && Object.hasOwn(json, key);
  return keysOf(error).filter((key) => {
    const value: unknown = getOwnPropertyDescriptor(error, key)?.value;
    if (key === "toJSON" && typeof value === "function") return false;
    if (typeof value !== "object" || value === null || isShown(key)) return true;
    return !isOpaque(value) && !hasCycle(value, [error]);
  });
}

/** Gives a copy its `toJSON`. It makes a new value at each call, as most classes do. */
export function defineToJson(copy: object, text: string | undefined): void {
  Object.defineProperty(copy, "toJSON", {
    value: () => (text === undefined ? undefined : (JSON.parse(text) as unknown)),
    writable: true,
    configurable: true,
  });
}

/** Whether only a description of the object could arrive. */
function isOpaque(object: object): boolean {
  if (types.isProxy(object)) return true;
  if (types.isNativeError(object) || ArrayBuffer.isView(object)) return false;
  if (Object.prototype.toString.call(object) !== "[object Object]") return false;
  const prototype = getPrototypeOf(object) as object | null;
  return prototype !== null && isOfRuntimeClass(prototype);
}

/** Whether an object below `object` is `object` itself or among its `holders`. Runs no getters. */
function hasCycle(object: object, holders: readonly object[], searched = { count: 0 }): boolean {
  if (holders.includes(object)) return true;
  if (isOpaque(object) || ArrayBuffer.isView(object) || holders.length > DEEPEST) return false;
  if (++searched.count > MOST_SEARCHED) return false;
  const path = [...holders, object];
  return keysOf(object).some((key) => {
    const value: unknown = getOwnPropertyDescriptor(object, key)?.value;
    return typeof value === "object" && value !== null && hasCycle(value, path, searched);
  });
}
