/** Objects that keep their state outside their properties: a copy of the properties would lose the value. */

import { types } from "../platform/brand-checks.js";
import { serialize } from "../platform/serialize.js";
import { describe } from "./describe.js";
import type { Encoder } from "./encoder.js";

const { getPrototypeOf } = Object;

/** Whether `object` is never a bag of properties, whatever properties it has. */
export function hasNoProperties(object: object): boolean {
  return (
    types.isProxy(object) ||
    types.isPromise(object) ||
    types.isModuleNamespaceObject(object) ||
    types.isWeakMap(object) ||
    types.isWeakSet(object) ||
    types.isGeneratorObject(object) ||
    types.isSharedArrayBuffer(object) ||
    types.isExternal(object)
  );
}

/**
 * Throws if `object`, which has no properties and would arrive as `{}`, keeps state elsewhere and would lose it:
 * the runtime made it (an iterator, a WeakRef, a native handle), which the platform's serializer recognises, or it
 * is an instance of a built-in class.
 */
export function refuseHiddenState(e: Encoder, object: object, depth: number): void {
  try {
    serialize(object);
  } catch {
    throw e.failure(depth, describe(object));
  }
  const prototype = getPrototypeOf(object) as { constructor?: unknown } | null;
  const constructor = prototype?.constructor;
  if (typeof constructor !== "function" || constructor.name === "Object") return;
  const builtin = (globalThis as Record<string, unknown>)[constructor.name];
  if (builtin === constructor) throw e.failure(depth, describe(object));
}
