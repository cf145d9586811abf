/** Arbitrary values against the platform's own structured clone, and arbitrary bytes against the reader. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { decode } from "../../src/codec/codec.js";
import { InterpreterError } from "../../src/errors.js";
import { assertSameGraph, encoded, roundTrip } from "./support.js";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: "grapheme" }),
  fc.string(),
);

const anything = fc.anything({
  key: text,
  values: [
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    text,
    fc.constant(null),
    fc.constant(undefined),
    fc.constant(-0),
  ],
  maxDepth: 4,
  maxKeys: 8,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});

/** Graphs of a few objects that refer to each other in all ways there are. */
const graph = fc
  .array(fc.record({ kind: fc.nat(5), to: fc.array(fc.nat(30), { maxLength: 4 }), value: anything }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((recipes) => {
    const nodes = recipes.map(({ kind }): object => {
      if (kind === 0) return [];
      if (kind === 1) return new Map();
      if (kind === 2) return new Set();
      if (kind === 3) return new Date(recipes.length);
      return {};
    });
    for (const [i, { to, value }] of recipes.entries()) {
      const node = nodes[i];
      const targets = to.map((each) => nodes[each % nodes.length]);
      if (Array.isArray(node)) node.push(value, ...targets);
      else if (node instanceof Map)
        for (const [k, each] of targets.entries()) node.set(k % 2 === 0 ? each : k, each);
      else if (node instanceof Set) for (const each of targets) node.add(each);
      else if (!(node instanceof Date)) Object.assign(node, { value }, targets);
    }
    return nodes;
  });

const records = fc
  .tuple(
    fc.uniqueArray(text, { minLength: 1, maxLength: 6 }),
    fc.array(fc.array(fc.jsonValue()), { maxLength: 40 }),
  )
  .map(([keys, rows]) =>
    rows.map((row) => Object.fromEntries(row.slice(0, keys.length).map((cell, i) => [keys[i], cell]))),
  );

const views = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(3), fc.nat(4), fc.nat(4), fc.nat(4)), { maxLength: 8 }),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([recipes, count]) => {
    const buffers = Array.from(
      { length: count },
      (_, i) => Uint8Array.from({ length: 64 }, (_each, k) => k * (i + 1)).buffer,
    );
    const list: object[] = recipes.map(([kind, which, offset, length]) => {
      const buffer = buffers[which % count];
      if (kind === 0) return buffer;
      if (kind === 1) return new Uint8Array(buffer, offset * 8, length * 8);
      if (kind === 2) return new Float64Array(buffer, offset * 8, Math.min(length, 8 - offset));
      return new DataView(buffer, offset, length);
    });
    // A view that is alone brings only its part of the buffer: refer to every buffer, so that none is.
    return { list, buffers };
  });

describe("for any value", () => {
  const runs = { numRuns: 400 };

  it("a copy is what structuredClone makes", () => {
    fc.assert(
      fc.property(anything, (value) => assertSameGraph(roundTrip(value), structuredClone(value))),
      {
        numRuns: 1500,
      },
    );
  });

  it("a copy keeps the identities structuredClone keeps", () => {
    fc.assert(
      fc.property(graph, (value) => assertSameGraph(roundTrip(value), structuredClone(value))),
      runs,
    );
  });

  it("a copy of records has their keys in order", () => {
    fc.assert(
      fc.property(records, (value) => assertSameGraph(roundTrip(value), structuredClone(value))),
      runs,
    );
  });

  it("a copy keeps shared buffers shared", () => {
    fc.assert(
      fc.property(views, (value) => assertSameGraph(roundTrip(value), structuredClone(value))),
      runs,
    );
  });

  it("a lenient copy does not differ from a strict one", () => {
    fc.assert(
      fc.property(graph, (value) => assertSameGraph(roundTrip(value, true), roundTrip(value))),
      runs,
    );
  });
});

describe("for any bytes", () => {
  /** Either a value, or the one error for damaged bytes. */
  function assertHarmless(bytes: Buffer, end = bytes.length): void {
    try {
      decode(bytes, 0, end, [1, 2, 3]);
    } catch (error) {
      assert.ok(error instanceof InterpreterError, String(error instanceof Error ? error.stack : error));
      assert.equal(error.code, "ERR_MALFORMED_VALUE");
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
      fc.property(fc.oneof(anything, graph, views), (value) => {
        const { bytes } = encoded(value);
        const step = Math.max(1, Math.floor(bytes.length / 40));
        for (let end = 0; end < bytes.length; end += step) {
          assert.throws(() => decode(bytes, 0, end, []), InterpreterError);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("a value with some bytes changed is harmless", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.oneof(anything, graph, views, fc.constant(new Error("e", { cause: /x/ }))),
        changes,
        (value, list) => {
          const { bytes } = encoded(value);
          for (const [at, to] of list) bytes[at % bytes.length] = to;
          assertHarmless(bytes);
        },
      ),
      { numRuns: 3000 },
    );
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
