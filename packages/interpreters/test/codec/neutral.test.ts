/** The codec tag of a record: which records any language can read, and how records of another language are refused. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import * as fc from "fast-check";
import {
  CODEC_JAVASCRIPT,
  CODEC_NEUTRAL,
  decode,
  registerReference,
  registerSymbol,
} from "../../src/codec/codec.js";
import { NotShareableError } from "../../src/base/errors.js";
import { errors, everything, text } from "./arbitraries.js";
import { assertSameGraph, encoded, isNeutral, roundTrip, type Encoded } from "./support.js";

const KIND = 251;
const NAMED = Symbol.for("neutral.test");

class Handle {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

const resolved: number[] = [];
registerReference<Handle>({
  kind: KIND,
  is: (value): value is Handle => value instanceof Handle,
  toReference: (handle) => [handle.id, 0],
  fromReference(id) {
    resolved.push(id);
    if (id < 0) throw new RangeError("no such handle");
    return new Handle(id);
  },
});
registerSymbol(252, NAMED);

describe("what any language can read", () => {
  it("is marked as neutral", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const values = [
      null,
      true,
      false,
      0,
      -5,
      2 ** 40,
      1.5,
      -0,
      5n,
      -(2n ** 63n),
      "text",
      "中",
      bytes,
      [],
      [1, ["a", bytes]],
    ];
    for (const value of values) assert.ok(isNeutral(value), String(value));
  });

  it("is not claimed of anything else", () => {
    const shared: unknown[] = [];
    const values = [
      undefined,
      2n ** 63n,
      {},
      new Map(),
      new Date(),
      [undefined],
      [{}],
      [shared, shared],
      new Float32Array(1),
    ];
    // oxlint-disable-next-line no-sparse-arrays
    values.push([1, , 2], Object.assign([1], { extra: 1 }), new Error("no"));
    for (const value of values) assert.ok(!isNeutral(value), inspect(value));
  });
});

/** Reads a payload as another language would: by the neutral tags alone. */
class NeutralReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The value, or undefined (which is not a neutral one) where a tag is JavaScript's. */
  static read({ bytes, refs }: Encoded): unknown {
    const reader = new NeutralReader(bytes);
    try {
      const value = reader.#value(refs);
      assert.equal(reader.#at, bytes.length);
      return value;
    } catch (error) {
      if (error instanceof ForeignTag) return undefined;
      throw error;
    }
  }

  #value(refs: readonly number[]): unknown {
    const tag = this.#byte();
    if (tag >= 0x80) return tag - 0x80;
    if (tag >= 0x40) return this.#latin1(tag - 0x40);
    const view = this.#view;
    switch (tag) {
      case 0x00:
        return null;
      case 0x01:
        return false;
      case 0x02:
        return true;
      case 0x03:
        return view.getInt32(this.#skip(4), true);
      case 0x04:
      case 0x06:
        return view.getFloat64(this.#skip(8), true);
      case 0x05:
        return view.getBigInt64(this.#skip(8), true);
      case 0x07:
        return this.#latin1(this.#count());
      case 0x08:
        return Array.from({ length: this.#count() }, () =>
          String.fromCharCode(view.getUint16(this.#skip(2), true)),
        ).join("");
      case 0x09:
        return Uint8Array.from({ length: this.#count() }, () => this.#byte());
      case 0x0a:
        return Array.from({ length: this.#count() }, () => this.#value(refs));
      case 0x0b: {
        const [kind, id] = refs.slice(this.#count() * 3);
        return kind === KIND ? new Handle(id) : NAMED;
      }
      default:
        throw new ForeignTag();
    }
  }

  #byte(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #latin1(length: number): string {
    return Array.from({ length }, () => String.fromCharCode(this.#byte())).join("");
  }

  #count(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  #skip(size: number): number {
    const at = this.#at;
    this.#at += size;
    return at;
  }
}

class ForeignTag extends Error {}

describe("another language's reader", () => {
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(null, true, false, NAMED, -0, NaN, Infinity),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    text,
    fc.uint8Array({ maxLength: 40 }),
    fc.nat().map((id) => new Handle(id)),
  );
  const { neutral } = fc.letrec<{ neutral: unknown }>((tie) => ({
    neutral: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("neutral"), { maxLength: 8 })),
  }));

  it("reads every record that is marked as neutral", () => {
    fc.assert(
      fc.property(neutral, (value) => {
        assert.ok(isNeutral(value));
        assertSameGraph(NeutralReader.read(encoded(value)), roundTrip(value));
      }),
      { numRuns: 1000 },
    );
  });

  it("fails at every record that is not", () => {
    fc.assert(
      fc.property(fc.oneof(everything, errors, fc.array(fc.oneof(neutral, everything))), (value) => {
        const record = encoded(value);
        const read = NeutralReader.read(record);
        assert.equal(read === undefined, record.codec === CODEC_JAVASCRIPT);
        if (read !== undefined) assertSameGraph(read, roundTrip(value));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("decoding", () => {
  it("takes the tags that encoding returns", () => {
    for (const value of [5, "text", [1, null], {}, [undefined]]) {
      const { bytes, refs, codec } = encoded(value);
      assertSameGraph(decode(bytes, 0, bytes.length, refs, codec), value);
    }
    assert.deepEqual([encoded(5).codec, encoded({}).codec], [CODEC_NEUTRAL, CODEC_JAVASCRIPT]);
  });

  it("refuses the tag of another language, whatever the bytes are", () => {
    for (const value of [5, "text", [1, null], {}]) {
      const { bytes, refs } = encoded(value);
      for (const codec of [2, 7, 255]) {
        assert.throws(
          () => decode(bytes, 0, bytes.length, refs, codec),
          (error) =>
            error instanceof NotShareableError &&
            error.code === "ERR_NOT_SHAREABLE" &&
            error.message.includes(`codec tag ${codec};`),
        );
      }
    }
    assert.throws(() => decode(Buffer.from([0x3f, 1, 2]), 0, 3, [], 2), NotShareableError);
  });

  it("reads the references of a record that it refuses, so that they can be collected", () => {
    resolved.length = 0;
    const refs = [KIND, 1, 0, 249, 9, 9, KIND, -1, 0, KIND, 2, 0];
    assert.throws(() => decode(Buffer.from([0x0b, 0]), 0, 2, refs, 2), NotShareableError);
    assert.deepEqual(resolved, [1, -1, 2]);
  });
});
