/** Damaged and random bytes: reading them gives a value or a clear error, and reads no byte outside them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { decode } from "../../src/codec/codec.js";
import { InterpreterError } from "../../src/base/errors.js";
import { TAG_BOXED } from "../../src/codec/tags.js";
import { UNBOUND } from "../../src/queue/unbound.js";
import { errors, everything } from "./arbitraries.js";
import { assertSameGraph, encoded } from "./support.js";

describe("for any bytes", () => {
  /** Asserts a value, or the one error for damaged bytes; and the same result whatever bytes lie around. */
  function assertHarmless(bytes: Buffer): void {
    const [one, other] = [0x00, 0xff].map((around) => outcome(bytes, around));
    if ("error" in one || "error" in other) assert.deepEqual(one, other);
    else assertSameGraph(one.value, other.value);
  }

  function outcome(bytes: Buffer, around: number): { value: unknown } | { error: string } {
    const padded = Buffer.alloc(bytes.length + 64, around);
    bytes.copy(padded, 32);
    try {
      return { value: decode(padded, 32, 32 + bytes.length, [1, 2, 3]) };
    } catch (error) {
      assert.ok(error instanceof InterpreterError, String(error instanceof Error ? error.stack : error));
      assert.equal(error.code, "ERR_MALFORMED_VALUE");
      return { error: error.message };
    }
  }

  it("reading gives a value or a clear error", () => {
    const byte = fc.oneof(fc.nat(0x25), fc.nat(255), fc.constantFrom(0x40, 0x41, 0x80, 0x81, 0xff));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), (bytes) => assertHarmless(Buffer.from(bytes))),
      { numRuns: 20_000 },
    );
  });

  it("a value cut off anywhere is an error", () => {
    fc.assert(
      fc.property(fc.oneof(everything, errors), (value) => {
        const { bytes } = encoded(value);
        const step = Math.max(1, Math.floor(bytes.length / 40));
        for (let end = 0; end < bytes.length; end += step) {
          assert.throws(() => decode(bytes, 0, end, []), InterpreterError);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("a value with some bytes changed, moved, doubled or left out is harmless", () => {
    const change = fc.record({
      kind: fc.nat(3),
      at: fc.nat(),
      to: fc.nat(),
      length: fc.nat(20),
      byte: fc.nat(255),
    });
    fc.assert(
      fc.property(
        fc.oneof(everything, errors),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (value, list) => assertHarmless(list.reduce(damaged, encoded(value).bytes)),
      ),
      { numRuns: 4000 },
    );
  });

  interface Change {
    readonly kind: number;
    readonly at: number;
    readonly to: number;
    readonly length: number;
    readonly byte: number;
  }

  function damaged(bytes: Buffer, { kind, at, to, length, byte }: Change): Buffer {
    const copy = Buffer.from(bytes);
    const [from, target] = [at % (bytes.length + 1), to % (bytes.length + 1)];
    if (kind === 0) copy[from % bytes.length] = byte;
    else if (kind === 1) copy.copy(copy, target, from, from + length);
    else if (kind === 2) return Buffer.concat([copy.subarray(0, from), copy.subarray(from + length)]);
    else
      return Buffer.concat([
        copy.subarray(0, target),
        copy.subarray(from, from + length),
        copy.subarray(target),
      ]);
    return copy;
  }

  it("a view that follows its buffer's length, on one that ends within an element, is an error where the engine makes none", () => {
    const { bytes } = encoded(new Int16Array(new ArrayBuffer(4, { maxByteLength: 8 })));
    const length = bytes.indexOf(Buffer.from([4, 9]));
    assert.ok(length > 0);
    bytes[length] = 3;
    assert.throws(() => decode(bytes, 0, bytes.length, []), {
      code: "ERR_MALFORMED_VALUE",
      // Newer engines make the view, and the byte that the buffer has lost is left over.
      message: /ends within an element|bytes follow its end/,
    });
  });

  it("an error that hides a property which no encoder would write is an error", () => {
    const hidden = encoded(Object.defineProperty(new Error("x"), "cause", { value: 1, enumerable: false }));
    const bytes = Buffer.from(hidden.bytes);
    bytes.write("cuase", bytes.indexOf("cause"));
    assert.throws(() => decode(bytes, 0, bytes.length, []), {
      code: "ERR_MALFORMED_VALUE",
      message: /hides a property cuase/,
    });
  });

  it("a Symbol object, which no encoder would write, is an error", () => {
    const { bytes, refs } = encoded([UNBOUND]);
    // The symbol follows the array's tag and count.
    const boxed = Buffer.concat([Buffer.from([TAG_BOXED]), bytes.subarray(2)]);
    assert.throws(() => decode(boxed, 0, boxed.length, refs), {
      code: "ERR_MALFORMED_VALUE",
      message: /boxed value/,
    });
  });

  it("a count that promises more than there is allocates nothing", () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for (let tag = 0; tag < 0x40; tag++) {
      assertHarmless(Buffer.from([tag, ...huge, ...huge]));
      assertHarmless(Buffer.from([tag, 0, ...huge, ...huge]));
      assertHarmless(Buffer.from([tag, 1, 0, ...huge, ...huge]));
    }
  });

  it("nesting without end is an error", () => {
    for (const tags of [[0x0a, 1], [0x13, 1, 0x41, 0x61], [0x1d, 1], [0x1e], [0x23, 0, 0, 0]]) {
      assertHarmless(Buffer.from(Array.from({ length: 100_000 }, () => tags).flat()));
    }
  });
});
