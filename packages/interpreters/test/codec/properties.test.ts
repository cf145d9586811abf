/** Arbitrary values against the platform's own structured clone, and refusals wherever the culprit is. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { encode } from "../../src/codec/codec.js";
import { acquireScratch, releaseScratch } from "../../src/codec/scratch.js";
import { NotShareableError } from "../../src/base/errors.js";
import { anything, arrays, errors, everything, graph, ordered, records, views } from "./arbitraries.js";
import { assertSameGraph, roundTrip } from "./support.js";

const runs = { numRuns: 400 };

describe("for any value", () => {
  for (const [what, values, numRuns] of [
    ["a copy is what structuredClone makes", anything, 1500],
    ["a copy keeps the identities structuredClone keeps", graph, 400],
    ["a copy of records has their keys in order", records, 400],
    ["a copy of an object has its keys in order, those that look like indices too", ordered, 400],
    ["a copy keeps holes, the length, and properties that are no elements", arrays, 400],
    ["a copy keeps shared buffers shared", views, 400],
    ["a copy is right whatever is together with whatever", fc.array(everything, { maxLength: 4 }), 400],
  ] as const) {
    it(what, () => {
      fc.assert(
        fc.property(values as fc.Arbitrary<unknown>, (value) =>
          assertSameGraph(roundTrip(value), structuredClone(value)),
        ),
        { numRuns },
      );
    });
  }

  it("a lenient copy does not differ from a strict one", () => {
    fc.assert(
      fc.property(graph, (value) => assertSameGraph(roundTrip(value, true), roundTrip(value))),
      runs,
    );
  });

  it("a copy of a copy does not differ from a copy", () => {
    fc.assert(
      fc.property(everything, (value) => {
        const once = roundTrip<unknown>(value);
        assertSameGraph(roundTrip(once), once);
      }),
      runs,
    );
  });
});

it("errors keep class, message, stack, causes, own properties and the errors in them, which structuredClone drops", () => {
  fc.assert(
    fc.property(errors, (value) => assertSameGraph(roundTrip(value), plain(value))),
    runs,
  );
});

/** Keeps the errors, and makes of the values of their properties what structuredClone makes (prototypes are lost, for instance). */
function plain(value: readonly Error[]): Error[] {
  for (const error of value) {
    for (const key of Object.getOwnPropertyNames(error)) {
      const of = Object.getOwnPropertyDescriptor(error, key)!;
      // In newer engines `stack` is an accessor.
      const kept = of.get !== undefined || value.includes(of.value as Error) || key === "errors";
      if (!kept) Object.defineProperty(error, key, { ...of, value: structuredClone<unknown>(of.value) });
    }
  }
  return value as Error[];
}

it("a Buffer arrives as a Uint8Array of just its bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (list) => {
      // From the pool: they share a buffer with each other, and with unrelated data.
      const copies = roundTrip(list.map((each) => Buffer.from(each)) as Uint8Array[]);
      for (const [i, copy] of copies.entries()) {
        assert.equal(Object.getPrototypeOf(copy), Uint8Array.prototype);
        assert.deepEqual([...copy], [...list[i]]);
        assert.deepEqual([copy.byteOffset, copy.buffer.byteLength], [0, list[i].length]);
      }
    }),
    runs,
  );
});

describe("what cannot travel", () => {
  const culprit = fc.constantFrom<unknown>(
    () => 1,
    Symbol("s"),
    new WeakMap(),
    Promise.resolve(1),
    new WeakRef({}),
  );
  // Short: a message shows only the beginning of a long Map key.
  const name = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.string({ unit: "binary", maxLength: 2 }),
    fc.constantFrom("a", "b c", "é", "'", '"', "\\"),
  );
  const step = fc.record({
    kind: fc.constantFrom("object", "array", "map", "error"),
    name,
    before: fc.array(everything, { maxLength: 2 }),
    after: everything,
  });

  it("is refused with a path that leads to it, and nothing is half written", () => {
    fc.assert(
      fc.property(culprit, fc.array(step, { maxLength: 6 }), (found, steps) => {
        let value = found;
        for (const { kind, name: key, before, after } of steps) {
          if (kind === "object") value = { before, [key]: value, zzz: after };
          else if (kind === "array") value = [...before, value, after];
          else if (kind === "map")
            value = new Map<unknown, unknown>([...before.entries(), [key, value], [-1, after]]);
          else value = Object.assign(new Error(key, { cause: value }), { after });
        }
        const scratch = acquireScratch();
        scratch.refs.push(7, 8, 9);
        encode(scratch, "before", "value");
        const { end } = scratch;
        assert.throws(
          () => encode(scratch, value, "value"),
          (error) => {
            assert.ok(error instanceof NotShareableError, String(error));
            const path = /: (value.*) is an? .*$/s.exec(error.message)?.[1];
            assert.equal(follow(value, path!), found, error.message);
            return true;
          },
        );
        assert.deepEqual([scratch.end, scratch.refs], [end, [7, 8, 9]]);
        scratch.refs.length = 0;
        releaseScratch(scratch);
      }),
      runs,
    );
  });

  /** The path is an expression. */
  function follow(value: unknown, path: string): unknown {
    return (new Function("value", `return ${path};`) as (value: unknown) => unknown)(value);
  }
});
