/** Objects that keep their state outside their properties: a copy of the properties would lose the value. */

import { types } from "../platform/brand-checks.js";
import { serialize } from "../platform/serialize.js";
import { describe } from "./describe.js";
import type { Encoder } from "./encoder.js";
import { isOfRuntimeClass } from "./runtime-classes.js";

const { getOwnPropertyDescriptor, getPrototypeOf, keys: keysOf } = Object;
const toStringTag = Object.prototype.toString;

/** Whether `object` is never a bag of properties, whatever properties it has. */
export function hasNoProperties(object: object): boolean {
  return (
    types.isPromise(object) ||
    types.isModuleNamespaceObject(object) ||
    types.isWeakMap(object) ||
    types.isWeakSet(object) ||
    types.isGeneratorObject(object) ||
    types.isSharedArrayBuffer(object) ||
    types.isArgumentsObject(object) ||
    types.isExternal(object)
  );
}

/**
 * Throws if `object` is none of those that have only properties: `arguments`, a namespace such as `Math`, an object with internal
 * slots whose prototype was replaced. Called for objects whose keys leave that open.
 */
export function refuseSpecial(e: Encoder, object: object, depth: number): void {
  const shown = toStringTag.call(object);
  const plain = getPrototypeOf(object) === Object.prototype;
  if (shown === "[object Object]" && plain) return;
  if (types.isArgumentsObject(object)) {
    throw e.failure(depth, "an arguments object", "copy it into an array: [...arguments]");
  }
  if (!plain) {
    if (keysOf(object).length === 0) refuseSlots(e, object, depth);
  } else if (!(Symbol.toStringTag in object) || isNamespace(object, shown.slice(8, -1))) {
    throw e.failure(depth, describe(object));
  }
}

function isNamespace(object: object, tag: string): boolean {
  return getOwnPropertyDescriptor(globalThis, tag)?.value === object;
}

/**
 * Throws if `object`, which has no properties and would arrive as `{}`, is one that the platform's serializer does not take: a
 * native handle, or an object of a class without a constructor.
 */
function refuseSlots(e: Encoder, object: object, depth: number): void {
  try {
    serialize(object);
  } catch {
    throw e.failure(depth, describe(object));
  }
}

/** Throws if `object`, which is neither of a kind of its own nor plain, is an instance of one of the runtime's classes. */
export function refuseRuntimeClass(e: Encoder, object: object, depth: number): void {
  const prototype = getPrototypeOf(object) as object | null;
  if (prototype === null || !isOfRuntimeClass(prototype)) return;
  throw e.failure(
    depth,
    describe(object),
    "only its own module can make one, so leave it out or send the data that you need of it",
  );
}
