/** The walk that reads what encode.ts wrote: both must number objects and shapes in the same order. */

import { InterpreterError } from "../base/errors.js";
import { ABSENT, type Decoder } from "./decoder.js";
import { kindsByTag } from "./kind-table.js";
import { referenceTypeOfKind } from "./references.js";
import type { ReadShape } from "./shapes.js";
import {
  TAG_ABSENT,
  TAG_ARRAY,
  TAG_ARRAY_WITH_PROPERTIES,
  TAG_BACK,
  TAG_BIGINT,
  TAG_FALSE,
  TAG_FLOAT64,
  TAG_INT32,
  TAG_INT53,
  TAG_INT64,
  TAG_LATIN1,
  TAG_NULL,
  TAG_OBJECT,
  TAG_OBJECT_NEW_SHAPE,
  TAG_OBJECT_OF_SHAPE,
  TAG_REFERENCE,
  TAG_SHORT_LATIN1,
  TAG_SMALL_INT,
  TAG_SPARSE_ARRAY,
  TAG_TRUE,
  TAG_UNDEFINED,
  TAG_UTF16,
} from "./tags.js";

type Properties = Record<string, unknown>;

/** Reads a value, or `ABSENT`. */
export function readSlot(d: Decoder): unknown {
  const tag = d.readByte();
  if (tag >= TAG_SMALL_INT) return tag - TAG_SMALL_INT;
  if (tag >= TAG_SHORT_LATIN1) return d.readLatin1(tag - TAG_SHORT_LATIN1);
  switch (tag) {
    case TAG_NULL:
      return null;
    case TAG_FALSE:
      return false;
    case TAG_TRUE:
      return true;
    case TAG_UNDEFINED:
      return undefined;
    case TAG_ABSENT:
      return ABSENT;
    case TAG_INT32:
      return d.readInt32();
    case TAG_INT53:
    case TAG_FLOAT64:
      return d.readFloat64();
    case TAG_INT64:
      return d.readInt64();
    case TAG_BIGINT:
      return d.readBigint();
    case TAG_LATIN1:
      return d.readLatin1(d.readCount(1));
    case TAG_UTF16:
      return d.readUtf16();
    case TAG_OBJECT_OF_SHAPE: {
      const number = d.readVarint();
      if (number >= d.shapeCount)
        throw d.malformed(`it refers to shape ${number} and has only ${d.shapeCount}`);
      return readShaped(d, d.shapes[number]);
    }
    case TAG_OBJECT_NEW_SHAPE:
      return readNewShape(d);
    case TAG_OBJECT: {
      const object: Properties = d.note({});
      readKeysAndValues(d, object);
      return object;
    }
    case TAG_ARRAY:
      return readElements(d);
    case TAG_ARRAY_WITH_PROPERTIES: {
      const array = readElements(d);
      readKeysAndValues(d, array as unknown as Properties);
      return array;
    }
    case TAG_SPARSE_ARRAY:
      return readSparse(d);
    case TAG_BACK: {
      const number = d.readVarint();
      if (number >= d.objectCount || d.objects[number] === undefined) {
        throw d.malformed(`it refers to object ${number}, which does not come before`);
      }
      return d.objects[number];
    }
    case TAG_REFERENCE:
      return readReference(d);
    default: {
      const kind = kindsByTag[tag];
      if (kind === undefined) throw d.malformed(`it contains the unknown tag ${tag}`);
      return kind.read(d, tag);
    }
  }
}

export function readValue(d: Decoder): unknown {
  const value = readSlot(d);
  if (value === ABSENT) throw d.malformed("a value is missing in it");
  return value;
}

function readNewShape(d: Decoder): unknown {
  const size = d.readByte() | (d.readByte() << 8);
  d.need(size);
  const shape = d.previous.next(d.bytes, d.position, size);
  if (shape === undefined) throw d.malformed("a list of property names in it is invalid");
  d.position += size;
  d.shapes[d.shapeCount++] = shape;
  return readShaped(d, shape);
}

function readShaped(d: Decoder, shape: ReadShape): unknown {
  d.previous = shape;
  const object: Properties = {};
  d.note(object);
  const keys = shape.keys;
  const count = keys.length;
  if (shape.delicate) {
    for (let i = 0; i < count; i++) setProperty(object, keys[i], readSlot(d));
    return object;
  }
  for (let i = 0; i < count; i++) {
    const value = readSlot(d);
    if (value !== ABSENT) object[keys[i]] = value;
  }
  return object;
}

/** Defines a property as an object literal would, whatever its name means on the prototype. */
export function setProperty(object: object, key: string, value: unknown, enumerable = true): void {
  if (value === ABSENT) return;
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}

export function readKey(d: Decoder): string {
  const key = readSlot(d);
  if (typeof key !== "string") throw d.malformed("a property name in it is not a string");
  return key;
}

function readKeysAndValues(d: Decoder, object: Properties): void {
  const count = d.readCount(2);
  const isArray = Array.isArray(object);
  for (let i = 0; i < count; i++) {
    const key = readKey(d);
    const value = readSlot(d);
    if (isArray && key === "length") throw d.malformed("an array in it has two lengths");
    if (key in Object.prototype || isArray) setProperty(object, key, value);
    else if (value !== ABSENT) object[key] = value;
  }
}

function readElements(d: Decoder): unknown[] {
  const length = d.readCount(1);
  const array: unknown[] = [];
  d.note(array);
  for (let i = 0; i < length; i++) {
    // Here and not in `readSlot`, which is too big to be inlined: long lists of small numbers are common.
    const tag = d.position < d.end ? d.bytes[d.position] : 0;
    if (tag >= TAG_SMALL_INT) {
      d.position++;
      array.push(tag - TAG_SMALL_INT);
      continue;
    }
    const value = readSlot(d);
    if (value === ABSENT) array.length = i + 1;
    else array.push(value);
  }
  return array;
}

function readSparse(d: Decoder): unknown[] {
  const length = d.readVarint();
  if (length > 0xffff_ffff) throw d.malformed("an array in it is too long");
  const array: unknown[] = d.note([]);
  // For a far element the runtime chooses the representation that takes no space for holes.
  if (length > 0) {
    array[length - 1] = undefined;
    delete array[length - 1];
  }
  readKeysAndValues(d, array as unknown as Properties);
  if (array.length !== length) throw d.malformed("an array in it has an element beyond its end");
  return array;
}

function readReference(d: Decoder): unknown {
  const index = d.readVarint();
  const { refs } = d;
  if (index * 3 + 2 >= refs.length)
    throw d.malformed(`it refers to reference ${index} and has only ${refs.length / 3}`);
  const resolved = (d.resolved ??= new Map());
  if (resolved.has(index)) return resolved.get(index);
  const type = referenceTypeOfKind(refs[index * 3]);
  if (type === undefined) {
    throw new InterpreterError(
      `Cannot read a value that was sent here: it refers to an object of kind ${refs[index * 3]}, which this ` +
        `interpreter does not know. Load the same version of this package in both interpreters`,
      { code: "ERR_MALFORMED_VALUE" },
    );
  }
  const value = type.fromReference(refs[index * 3 + 1], refs[index * 3 + 2]);
  resolved.set(index, value);
  return value;
}
