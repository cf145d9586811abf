/** The walk off the hot path: references, the table of kinds, instances, refusals, lenient copies. */

import { serialize } from "../platform/serialize.js";
import { types } from "../platform/brand-checks.js";
import type { InspectOptions } from "../platform/inspect.js";
import { describe, safeInspect } from "./describe.js";
import { writeObject, writeProperties, writtenBefore } from "./encode.js";
import { kinds, type Encoder } from "./encoder.js";
import { kindOfSymbol, referenceTypeOf } from "./references.js";
import { TAG_REFERENCE } from "./tags.js";
import { writeString, writeTagAndVarint } from "./write.js";

const { getPrototypeOf, keys: keysOf } = Object;
const toStringTag = Object.prototype.toString;

/** Deeper parts of a lenient copy are only described: whoever reads it may have a smaller stack. */
const LENIENT_DEPTH = 100;

/** An object that is neither an array nor plain. */
export function writeOther(e: Encoder, object: object, depth: number): void {
  if (writeReference(e, object)) return;
  // For an ordinary object this is one cheap question; only what is not gets asked many.
  const ordinary = !ArrayBuffer.isView(object) && toStringTag.call(object) === "[object Object]";
  if (!ordinary || object instanceof Error) {
    for (const kind of kinds) {
      if (kind.is(object)) {
        kind.write(e, object, depth);
        return;
      }
    }
    if (hasNoProperties(object)) throw e.failure(depth, describe(object));
  }
  if (writtenBefore(e, object)) return;
  if (keysOf(object).length === 0) refuseHiddenState(e, object, depth);
  writeProperties(e, object, depth);
}

function writeReference(e: Encoder, object: object): boolean {
  const { moved } = e;
  if (moved?.has(object) === true) {
    refer(e, object, moved.kind, () => moved.toReference(object));
    return true;
  }
  const type = referenceTypeOf(object);
  if (type === undefined) return false;
  refer(e, object, type.kind, () => type.toReference(object));
  return true;
}

/** Writes a symbol that was registered; false where it is any other. */
export function writeSymbol(e: Encoder, symbol: symbol): boolean {
  const kind = kindOfSymbol(symbol);
  if (kind === undefined) return false;
  // Told apart by identity, as objects are.
  refer(e, symbol as unknown as object, kind, () => [0, 0]);
  return true;
}

function refer(
  e: Encoder,
  what: object,
  kind: number,
  toReference: () => readonly [a: number, b: number],
): void {
  const { refs } = e.out;
  let index = e.references.find(what);
  if (index < 0) {
    index = (refs.length - e.firstRef) / 3;
    e.references.add(what, index);
    const [a, b] = toReference();
    refs.push(kind, a, b);
  }
  writeTagAndVarint(e.out, TAG_REFERENCE, index);
}

/** What is never a bag of properties, whatever properties it may have. */
function hasNoProperties(object: object): boolean {
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
function refuseHiddenState(e: Encoder, object: object, depth: number): void {
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

/** Writes an object, or, if anything about it cannot travel, the text that describes it. Never throws. */
export function writeLeniently(e: Encoder, object: object, depth: number): void {
  const { out, codec } = e;
  const { end } = out;
  const refs = out.refs.length;
  const objects = e.seen.count;
  if (depth <= LENIENT_DEPTH) {
    try {
      writeObject(e, object, depth);
      return;
    } catch {
      // Take back whatever was written of it.
      out.end = end;
      out.refs.length = refs;
      e.codec = codec;
      e.seen.truncate(objects);
      e.references.truncate((refs - e.firstRef) / 3);
      e.forgetBuffers();
    }
  }
  writeString(out, safeInspect(object, inspectedLeniently));
}

const inspectedLeniently: InspectOptions = { depth: 2, maxArrayLength: 20 };
