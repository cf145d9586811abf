/** The hot walk: primitives, plain objects and arrays. Everything else is looked up in the table of kinds. */

import { types } from "../platform/brand-checks.js";
import { describe, getterThrew, safeInspect } from "./describe.js";
import { writeLeniently, writeOther, writeSymbol } from "./encode-other.js";
import { CODEC_JAVASCRIPT, type Encoder } from "./encoder.js";
import { shapeOf } from "./shapes.js";
import {
  TAG_ABSENT,
  TAG_ARRAY,
  TAG_ARRAY_WITH_PROPERTIES,
  TAG_BACK,
  TAG_FALSE,
  TAG_NULL,
  TAG_OBJECT,
  TAG_OBJECT_NEW_SHAPE,
  TAG_OBJECT_OF_SHAPE,
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

const { getPrototypeOf, keys: keysOf } = Object;
const hasOwn = Object.prototype.hasOwnProperty;
const ObjectPrototype: object = Object.prototype;
const ArrayPrototype: object = Array.prototype;

/** Up to this length `Object.keys` finds an array's other properties sooner than `inspect` does. */
const SHORT_ARRAY = 96;
/** Arrays up to this length are never written as sparse ones. */
const ALWAYS_DENSE = 64;

/** Writes `value`, found at the end of the first `depth` steps of the path. */
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
      if (!e.lenient) throw e.failure(depth, describe(value));
      writeString(e.out, safeInspect(value));
  }
}

export function writeJavaScriptTag(e: Encoder, tag: number): void {
  e.codec = CODEC_JAVASCRIPT;
  writeByte(e.out, tag);
}

/** Gives `object` its number, or, if it has one already, writes just that and returns true. */
export function writtenBefore(e: Encoder, object: object): boolean {
  const number = e.seen.track(object);
  if (number < 0) return false;
  e.codec = CODEC_JAVASCRIPT;
  writeTagAndVarint(e.out, TAG_BACK, number);
  return true;
}

export function writeObject(e: Encoder, object: object, depth: number): void {
  e.depth = depth;
  const prototype = getPrototypeOf(object) as object | null;
  if (prototype === ObjectPrototype) {
    if (!writtenBefore(e, object)) writeProperties(e, object, depth);
  } else if (Array.isArray(object)) {
    if (!writtenBefore(e, object)) writeArray(e, object, depth);
  } else {
    writeOther(e, object, depth);
  }
}

/** Own enumerable string-keyed properties. */
export function writeProperties(e: Encoder, object: object, depth: number): void {
  const { out } = e;
  e.codec = CODEC_JAVASCRIPT;
  if (e.lenient) {
    writeByte(out, TAG_OBJECT);
    writeKeysAndValues(e, object, keysOf(object), depth);
    return;
  }
  let shape = e.previous.successor;
  if (shape === undefined || !shape.fits(object)) {
    shape = shapeOf(object);
    if (shape === undefined) {
      writeByte(out, TAG_OBJECT);
      writeKeysAndValues(e, object, keysOf(object), depth);
      return;
    }
    e.previous.successor = shape;
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
  // Only in this form is `object[key]` a load from a known place. Getters may remove what comes later.
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

/** A count, then keys and values; leaves out what getters removed in the meantime. */
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

/** Whether so much is missing that holes are better not written one by one. */
function isSparse(array: unknown[]): boolean {
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
function hasOnlyElements(array: unknown[], present: number): boolean {
  const { length } = array;
  if (length > SHORT_ARRAY && getPrototypeOf(array) === ArrayPrototype && !types.isProxy(array)) {
    if (safeInspect(array, inspectedNothing) === `[ ... ${length} more items ]`) return true;
  }
  return keysOf(array).length <= present;
}

function isElement(key: string, length: number): boolean {
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index < length && String(index) === key;
}
