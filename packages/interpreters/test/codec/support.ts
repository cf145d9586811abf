/** Shared by the codec's tests: a round trip, and a comparison of object graphs. */

import assert from "node:assert/strict";
import { inspect, types } from "node:util";
import { CODEC_JAVASCRIPT, decode, encode } from "../../src/codec/codec.js";
import { acquireScratch, releaseScratch } from "../../src/codec/scratch.js";

export interface Encoded {
  bytes: Buffer;
  refs: number[];
  codec: number;
}

/** Encodes behind other bytes, as users of the codec do, and copies the result out. */
export function encoded(value: unknown, lenient = false): Encoded {
  const scratch = acquireScratch();
  try {
    scratch.reserve(3);
    scratch.end += 3;
    const codec = encode(scratch, value, "value", lenient);
    return { bytes: Buffer.from(scratch.bytes.subarray(3, scratch.end)), refs: [...scratch.refs], codec };
  } finally {
    releaseScratch(scratch);
  }
}

export function decoded({ bytes, refs }: Pick<Encoded, "bytes" | "refs">): unknown {
  // Bytes around the value that would show up in it if they were read.
  const around = Buffer.alloc(bytes.length + 10, 0xee);
  bytes.copy(around, 5);
  const value = decode(around, 5, 5 + bytes.length, refs);
  around.fill(0xdd);
  return value;
}

/** The copy that a receiver would get. */
export function roundTrip<T>(value: T, lenient = false): T {
  return decoded(encoded(value, lenient)) as T;
}

export function isNeutral(value: unknown): boolean {
  return encoded(value).codec !== CODEC_JAVASCRIPT;
}

/** Asserts that two graphs have the same form: values, types, properties and their order, holes and identities. */
export function assertSameGraph(actual: unknown, expected: unknown): void {
  const partners = new Map<object, object>();
  const taken = new Map<object, object>();

  function same(a: unknown, b: unknown, path: string): void {
    if (typeof b !== "object" || b === null) {
      assert.ok(Object.is(a, b), `${path}: ${inspect(a)} is not ${inspect(b)}`);
      return;
    }
    assert.ok(typeof a === "object" && a !== null, `${path}: ${inspect(a)} is no object`);
    if (partners.has(b) || taken.has(a)) {
      assert.equal(partners.get(b), a, `${path}: another identity`);
      assert.equal(taken.get(a), b, `${path}: another identity`);
      return;
    }
    partners.set(b, a);
    taken.set(a, b);
    assert.equal(Object.getPrototypeOf(a), Object.getPrototypeOf(b), `${path}: prototype`);
    content(a, b, path);
    if (ArrayBuffer.isView(b)) return;
    const keys = Reflect.ownKeys(b);
    assert.deepEqual(Reflect.ownKeys(a), keys, `${path}: keys`);
    for (const key of keys) {
      const of = (object: object): PropertyDescriptor => {
        const descriptor = Object.getOwnPropertyDescriptor(object, key);
        assert.ok(descriptor !== undefined);
        return descriptor;
      };
      assert.equal(of(a).enumerable, of(b).enumerable, `${path}.${String(key)}: enumerable`);
      same(
        (a as Record<PropertyKey, unknown>)[key],
        (b as Record<PropertyKey, unknown>)[key],
        `${path}.${String(key)}`,
      );
    }
  }

  function content(a: object, b: object, path: string): void {
    if (Array.isArray(b)) {
      assert.ok(Array.isArray(a), `${path}: no array`);
    } else if (types.isMap(b)) {
      assert.ok(types.isMap(a), `${path}: no map`);
      list([...a].flat(1), [...b].flat(1), path);
    } else if (types.isSet(b)) {
      assert.ok(types.isSet(a), `${path}: no set`);
      list([...a], [...b], path);
    } else if (types.isDate(b)) {
      assert.ok(types.isDate(a) && Object.is(a.getTime(), b.getTime()), `${path}: date`);
    } else if (types.isRegExp(b)) {
      assert.ok(types.isRegExp(a), `${path}: no regular expression`);
      assert.deepEqual([a.source, a.flags], [b.source, b.flags], path);
    } else if (types.isBoxedPrimitive(b)) {
      assert.ok(types.isBoxedPrimitive(a) && Object.is(a.valueOf(), b.valueOf()), `${path}: boxed primitive`);
    } else if (types.isAnyArrayBuffer(b)) {
      assert.ok(types.isAnyArrayBuffer(a), `${path}: no buffer`);
      assert.deepEqual(Buffer.from(a), Buffer.from(b), path);
    } else if (ArrayBuffer.isView(b)) {
      assert.ok(ArrayBuffer.isView(a), `${path}: no view`);
      assert.deepEqual([a.byteOffset, a.byteLength], [b.byteOffset, b.byteLength], `${path}: range`);
      same(a.buffer, b.buffer, `${path}.buffer`);
    } else if (types.isNativeError(b)) {
      assert.ok(types.isNativeError(a), `${path}: no error`);
    }
  }

  function list(a: unknown[], b: unknown[], path: string): void {
    assert.equal(a.length, b.length, `${path}: size`);
    b.forEach((each, i) => same(a[i], each, `${path}<${i}>`));
  }

  same(actual, expected, "value");
}

/** Asserts that the copy of `value` has the form of `expected`. */
export function assertCopied(value: unknown, expected: unknown = value): void {
  assertSameGraph(roundTrip(value), expected);
}
