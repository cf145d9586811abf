/** Objects whose content is not in their properties, so that a copy of these would be a value lost. */

import { types } from "node:util";
import { describe } from "./describe.js";
import type { Encoder } from "./encoder.js";

const { getPrototypeOf } = Object;

/** What is never a bag of properties, whatever properties it may have. */
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
 * An object without properties would arrive as `{}`. That is right for an empty object, but a lost value for
 * one that keeps its state elsewhere: one made by the runtime (an iterator, a WeakRef, a native handle), which
 * the serializer of the platform can tell, or an instance of a built-in class.
 */
export function refuseHiddenState(e: Encoder, object: object, depth: number): void {
  try {
    // Not an import: it is rarely needed, and loading it is noticeable in an interpreter's start.
    process.getBuiltinModule("node:v8").serialize(object);
  } catch {
    throw e.failure(depth, describe(object));
  }
  const prototype = getPrototypeOf(object) as { constructor?: unknown } | null;
  const constructor = prototype?.constructor;
  if (typeof constructor !== "function" || constructor.name === "Object") return;
  const builtin = (globalThis as Record<string, unknown>)[constructor.name];
  if (builtin === constructor) throw e.failure(depth, describe(object));
}
