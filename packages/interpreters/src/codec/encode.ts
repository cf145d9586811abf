/**
 * The walk that writes. Its functions call each other, so they share one file: first the hot path (primitives, plain
 * objects, arrays), then all other objects, then lenient copies. decode.ts is the walk that reads: both must number
 * objects and shapes in the same order.
 */

import { isError } from "../base/stacks.js";
import { types } from "../platform/brand-checks.js";
import type { InspectOptions } from "../platform/inspect.js";
import { ALWAYS_DENSE, hasOnlyElements, isElement, isSparse } from "./arrays.js";
import { describe, getterThrew, safeInspect } from "./describe.js";
import { writeJavaScriptTag, writtenBefore, type Encoder } from "./encoder.js";
import { hasNoProperties, isOfRuntime, refuseSpecial, runtimeClassFailure } from "./hidden-state.js";
import { kinds } from "./kind-table.js";
import { areThereMarks } from "./marks.js";
import { type RegisteredType, registeredTypeOf } from "./registered-types.js";
import { isOfLastDataClass } from "./runtime-classes.js";
import { shapeOf } from "./shapes.js";
import {
  CODEC_JAVASCRIPT,
  TAG_ABSENT,
  TAG_ARRAY,
  TAG_ARRAY_WITH_PROPERTIES,
  TAG_FALSE,
  TAG_NULL,
  TAG_OBJECT,
  TAG_OBJECT_NEW_SHAPE,
  TAG_OBJECT_OF_SHAPE,
  TAG_REGISTERED,
  TAG_SPARSE_ARRAY,
  TAG_TRUE,
  TAG_UNDEFINED,
} from "./tags.js";
import {
  writeBigint,
  writeByte,
  writeNumber,
  writeRaw,
  writeString,
  writeTagAndVarint,
  writeVarint,
} from "./write.js";
import { writeCloneable, writeReference, writeSymbol } from "./write-reference.js";

const { getPrototypeOf, keys: keysOf } = Object;
const hasOwn = Object.prototype.hasOwnProperty;
const ObjectPrototype: object = Object.prototype;
const toStringTag = Object.prototype.toString;
const { isProxy } = types;

/** Below this depth a lenient copy describes its parts in text: the stack of its reader may be smaller. */
const LENIENT_DEPTH = 100;

/** Writes `value`. The first `depth` steps of the path lead to it. */
export function writeValue(e: Encoder, value: unknown, depth: number): void {
  switch (typeof value) {
    case "string":
      writeString(e.out, value);
      return;
    case "number":
      writeNumber(e.out, value);
      return;
    case "boolean":
      writeByte(e.out, value ? TAG_TRUE : TAG_FALSE);
      return;
    case "undefined":
      writeJavaScriptTag(e, TAG_UNDEFINED);
      return;
    case "bigint":
      if (!writeBigint(e.out, value)) e.codec = CODEC_JAVASCRIPT;
      return;
    case "object":
      if (value === null) writeByte(e.out, TAG_NULL);
      else if (e.lenient) writeLeniently(e, value, depth);
      else writeObject(e, value, depth);
      return;
    default:
      if (typeof value === "symbol" && writeSymbol(e, value)) return;
      if (!e.lenient) {
        if (typeof value === "function" && writeFunction(e, value, depth)) return;
        throw e.failure(depth, describe(value));
      }
      writeString(e.out, safeInspect(value));
  }
}

/** Writes a function that travels by reference; returns false for any other. Only JavaScript can call it. */
function writeFunction(e: Encoder, fn: Function, depth: number): boolean {
  e.depth = depth;
  if (isProxy(fn) || !writeReference(e, fn)) return false;
  e.codec = CODEC_JAVASCRIPT;
  return true;
}

function writeObject(e: Encoder, object: object, depth: number): void {
  e.depth = depth;
  // First: nearly everything that one asks of a proxy runs its traps.
  if (isProxy(object)) throw e.failure(depth, describe(object));
  if (areThereMarks()) e.heedMark(object, depth);
  const type = registeredTypeOf(object);
  if (type !== undefined) {
    writeRegistered(e, object, type, depth);
    return;
  }
  if (Array.isArray(object)) {
    if (!writtenBefore(e, object)) writeArray(e, object, depth);
    return;
  }
  if (getPrototypeOf(object) !== ObjectPrototype) writeOther(e, object, depth);
  else if (!writtenBefore(e, object)) writeProperties(e, object, true, depth);
}

/** Writes the own enumerable string-keyed properties. `plain`: the prototype is `Object.prototype`. */
function writeProperties(e: Encoder, object: object, plain: boolean, depth: number): void {
  const { out } = e;
  e.codec = CODEC_JAVASCRIPT;
  if (e.lenient) {
    refuseSpecial(e, object, depth);
    writeByte(out, TAG_OBJECT);
    writeKeysAndValues(e, object, keysOf(object), depth);
    return;
  }
  let shape = e.previous.successor;
  if (shape === undefined || !shape.fits(object)) {
    shape = shapeOf(object);
    if (shape === undefined) {
      refuseSpecial(e, object, depth);
      writeByte(out, TAG_OBJECT);
      writeKeysAndValues(e, object, keysOf(object), depth);
      return;
    }
    e.previous.successor = shape;
  }
  if (shape.ofSpecial && !(plain && toStringTag.call(object) === "[object Object]")) {
    refuseSpecial(e, object, depth);
  }
  e.previous = shape;
  if (shape.epoch === e.epoch) {
    writeTagAndVarint(out, TAG_OBJECT_OF_SHAPE, shape.number);
  } else {
    shape.epoch = e.epoch;
    shape.number = e.shapes++;
    const size = shape.bytes.length;
    writeByte(out, TAG_OBJECT_NEW_SHAPE);
    writeByte(out, size);
    writeByte(out, size >> 8);
    writeRaw(out, shape.bytes);
  }
  const keys = shape.keys;
  const count = keys.length;
  let i = 0;
  // Only in a `for…in` loop does V8 load `object[key]` from a known place. A getter may delete later properties.
  for (const key in object) {
    if (!hasOwn.call(object, key)) continue;
    while (i < count && keys[i] !== key) {
      writeByte(out, TAG_ABSENT);
      i++;
    }
    if (i === count) break;
    i++;
    const value = (object as Record<string, unknown>)[key];
    if (typeof value === "string") writeString(out, value);
    else if (typeof value === "number") writeNumber(out, value);
    else {
      e.path[depth] = key;
      writeValue(e, value, depth + 1);
    }
  }
  for (; i < count; i++) writeByte(out, TAG_ABSENT);
}

/** Writes a count, then keys and values. A property that a getter deleted meanwhile is written as absent. */
export function writeKeysAndValues(e: Encoder, object: object, keys: readonly string[], depth: number): void {
  writeVarint(e.out, keys.length);
  for (const key of keys) {
    writeString(e.out, key);
    if (!hasOwn.call(object, key)) {
      writeJavaScriptTag(e, TAG_ABSENT);
      continue;
    }
    const value = e.read(object, key);
    e.path[depth] = key;
    writeValue(e, value, depth + 1);
  }
}

function writeArray(e: Encoder, array: unknown[], depth: number): void {
  const { out } = e;
  const length = array.length;
  if (length > ALWAYS_DENSE && isSparse(array)) {
    writeJavaScriptTag(e, TAG_SPARSE_ARRAY);
    writeVarint(out, length);
    writeKeysAndValues(e, array, keysOf(array), depth);
    return;
  }
  const tagAt = out.end;
  writeTagAndVarint(out, TAG_ARRAY, length);
  let holes = 0;
  for (let i = 0; i < length; i++) {
    const value = e.lenient ? readElement(array, i) : array[i];
    if (typeof value === "string") writeString(out, value);
    else if (typeof value === "number") writeNumber(out, value);
    else if (value === undefined && !hasOwn.call(array, i)) {
      holes++;
      writeJavaScriptTag(e, TAG_ABSENT);
    } else {
      e.path[depth] = i;
      writeValue(e, value, depth + 1);
    }
  }
  if (array === e.list || hasOnlyElements(array, length - holes)) return;
  const others = keysOf(array).filter((key) => !isElement(key, length));
  e.codec = CODEC_JAVASCRIPT;
  out.bytes[tagAt] = TAG_ARRAY_WITH_PROPERTIES;
  writeKeysAndValues(e, array, others, depth);
}

function readElement(array: unknown[], index: number): unknown {
  try {
    return array[index];
  } catch (error) {
    return getterThrew(error);
  }
}

const ENCODE = { call: "encode" };

function writeRegistered(e: Encoder, object: object, type: RegisteredType, depth: number): void {
  if (writtenBefore(e, object)) return;
  const number = e.seen.count - 1;
  writeJavaScriptTag(e, TAG_REGISTERED);
  writeString(e.out, type.name);
  const encoded = type.encode(object);
  e.unfinished.push(number);
  e.path[depth] = ENCODE;
  writeValue(e, encoded, depth + 1);
  e.unfinished.pop();
}

/** Whether the object is shown as an `Object`. One whose `Symbol.toStringTag` throws is not. */
function isTaggedObject(object: object): boolean {
  try {
    return toStringTag.call(object) === "[object Object]";
  } catch {
    return false;
  }
}

/** Writes an object that is neither an array nor plain. */
function writeOther(e: Encoder, object: object, depth: number): void {
  if (writeReference(e, object)) return;
  // Cheap tests recognise the instance of a user class; only other objects are tried against every kind.
  const ordinary = !ArrayBuffer.isView(object) && isTaggedObject(object);
  const prototype = ordinary ? (getPrototypeOf(object) as object | null) : undefined;
  if (prototype === undefined || !isOfLastDataClass(prototype)) {
    if (!ordinary || isError(object)) {
      if (writeOfKind(e, object, depth)) return;
      if (hasNoProperties(object)) throw e.failure(depth, describe(object));
    }
    if (isOfRuntime(object)) {
      // A Map, say, that calls itself `[object Object]`.
      if (ordinary && writeOfKind(e, object, depth)) return;
      if (writeCloneable(e, object)) return;
      throw runtimeClassFailure(e, object, depth);
    }
  }
  if (!writtenBefore(e, object)) writeProperties(e, object, false, depth);
}

/** Writes the object if it is of one of the kinds; returns false if it is not. */
function writeOfKind(e: Encoder, object: object, depth: number): boolean {
  for (const kind of kinds) {
    if (!kind.is(object)) continue;
    kind.write(e, object, depth);
    return true;
  }
  return false;
}

/** Writes an object, or, if it cannot travel, a text that describes it. Never throws. */
function writeLeniently(e: Encoder, object: object, depth: number): void {
  const { out, codec } = e;
  const { end } = out;
  const refs = out.refs.length;
  const objects = e.seen.count;
  const unfinished = e.unfinished.length;
  if (depth <= LENIENT_DEPTH) {
    try {
      writeObject(e, object, depth);
      return;
    } catch {
      // Undo what was written of it.
      out.end = end;
      out.refs.length = refs;
      e.codec = codec;
      e.seen.truncate(objects);
      e.unfinished.length = unfinished;
      e.references.truncate((refs - e.firstRef) / 3);
      e.forgetBuffers();
    }
  }
  writeString(out, safeInspect(object, inspectedLeniently));
}

const inspectedLeniently: InspectOptions = { depth: 2, maxArrayLength: 20 };
