/** Objects that keep their state outside their properties: a copy of the properties would lose the value. */

import { types } from "../platform/brand-checks.js";
import { serialize } from "../platform/serialize.js";
import { describe, ONLY_MOVES } from "./describe.js";
import type { Encoder } from "./encoder.js";
import { isOfRuntimeClass, isRuntimeGlobal, noteRuntimeClass, saysHowToMove } from "./runtime-classes.js";

const { getOwnPropertyNames, getPrototypeOf, keys: keysOf } = Object;
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
    if (keysOf(object).length > 0) return;
    if (isForeignNamespace(object, shown.slice(8, -1)) || hasSlots(object)) {
      throw e.failure(depth, describe(object));
    }
  } else if (!(Symbol.toStringTag in object) || isNamespace(object, shown.slice(8, -1))) {
    throw e.failure(depth, describe(object));
  }
}

/** As they were when this was loaded: a program may replace the globals. */
const { WebAssembly } = globalThis as { WebAssembly?: object };
const namespaces: readonly unknown[] = [Math, JSON, Reflect, Atomics, Intl, WebAssembly];
const namespaceNames: readonly string[] = ["Math", "JSON", "Reflect", "Atomics", "Intl", "WebAssembly"];

function isNamespace(object: object, tag: string): boolean {
  return namespaces.includes(object) || isRuntimeGlobal(tag, object);
}

/** Whether `object` is a namespace of another realm (node:vm), where only its tag and its methods tell. */
function isForeignNamespace(object: object, tag: string): boolean {
  return namespaceNames.includes(tag) && getOwnPropertyNames(object).length > 0;
}

/**
 * Whether `object`, which has no properties and would arrive as `{}`, is one that the platform's serializer does not take: a native
 * handle, or an object of a class without a constructor.
 */
function hasSlots(object: object): boolean {
  try {
    serialize(object);
    return false;
  } catch {
    return true;
  }
}

/** Whether `object`, which is neither of a kind of its own nor plain, is an instance of one of the runtime's classes. */
export function isOfRuntime(object: object): boolean {
  const prototype = getPrototypeOf(object) as object | null;
  if (prototype !== null && isOfRuntimeClass(prototype)) return true;
  if (keysOf(object).length > 0 || !hasSlots(object)) return false;
  // Of a class that no loaded module exports: that of an X509Certificate that came from another thread, say.
  if (prototype !== null) noteRuntimeClass(prototype);
  return true;
}

/** The error for such an instance. */
export function runtimeClassFailure(e: Encoder, object: object, depth: number): Error {
  return e.failure(
    depth,
    describe(object),
    saysHowToMove(object)
      ? ONLY_MOVES
      : "only its own module can make one, so leave it out or send the data that you need of it",
  );
}
