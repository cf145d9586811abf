/** Arbitrary values of every kind that travels by copy, for the property-based tests. */

import * as fc from "fast-check";

/** Strings of one-byte and two-byte characters, lone surrogates included. */
export const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: "grapheme" }),
  fc.string(),
);

/** Every value that fast-check's own generator makes. */
export const anything = fc.anything({
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

/** Graphs of up to 30 objects that refer to each other in every way. */
export const graph = fc
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

/** Lists of objects that share all their keys, or the first of them. */
export const records = fc
  .tuple(
    fc.uniqueArray(text, { minLength: 1, maxLength: 6 }),
    fc.array(fc.array(fc.jsonValue()), { maxLength: 40 }),
  )
  .map(([keys, rows]) =>
    rows.map((row) => Object.fromEntries(row.slice(0, keys.length).map((cell, i) => [keys[i], cell]))),
  );

/** Keys, some of which look like indices: these come first in an object, in numeric order, however they were defined. */
const key = fc.oneof(
  text,
  fc.nat(20).map(String),
  fc.constantFrom("", "-0", "01", "4294967295", "__proto__", "length"),
);

export const ordered = fc
  .array(fc.tuple(key, anything), { maxLength: 12 })
  .map((entries) =>
    entries.reduce<object>(
      (object, [name, value]) =>
        Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true }),
      {},
    ),
  );

/** Arrays with holes, arrays with few elements in much space, and arrays with other properties than elements. */
export const arrays = fc
  .record({
    length: fc.oneof(fc.nat(10), fc.nat(200), fc.nat(100_000), fc.constant(2 ** 32 - 1)),
    dense: fc.boolean(),
    elements: fc.array(fc.tuple(fc.nat(), anything), { maxLength: 20 }),
    others: fc.dictionary(fc.oneof(text, fc.constantFrom("-1", "01", "4294967295", "1.5")), anything, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    shared: fc.boolean(),
  })
  .map(({ length, dense, elements, others, shared }) => {
    const array: unknown[] = [];
    array.length = length;
    if (dense && length <= 200) array.fill(0);
    for (const [at, value] of elements) if (length > 0) array[at % length] = value;
    if (shared && length > 1) array[length - 1] = array[0];
    for (const [name, value] of Object.entries(others)) {
      if (name !== "length" && !isIndex(name)) Object.assign(array, { [name]: value });
    }
    return array;
  });

function isIndex(name: string): boolean {
  return String(Number(name) >>> 0) === name && Number(name) < 2 ** 32 - 1;
}

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

/** Views of every type on up to 3 buffers (some resizable), of all of a buffer or a part; and the buffers themselves. */
export const views = fc
  .tuple(
    fc.array(
      fc.record({ kind: fc.nat(VIEWS.length + 2), which: fc.nat(3), offset: fc.nat(8), length: fc.nat(8) }),
      { maxLength: 10 },
    ),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
  )
  .map(([recipes, resizable]) => {
    const buffers = resizable.map((may, i) => {
      const buffer = may ? new ArrayBuffer(64, { maxByteLength: 128 }) : new ArrayBuffer(64);
      new Uint8Array(buffer).forEach((_, k, bytes) => (bytes[k] = k * (i + 1)));
      return buffer;
    });
    const list: object[] = recipes.map(({ kind, which, offset, length }) => {
      const buffer = buffers[which % buffers.length];
      const start = Math.min(offset, 8) * 8;
      const bytes = Math.min(length * 8, 64 - start);
      if (kind < VIEWS.length) {
        const View = VIEWS[kind];
        return new View(buffer, start, bytes / View.BYTES_PER_ELEMENT);
      }
      if (kind === VIEWS.length) return new DataView(buffer, offset, length);
      if (kind === VIEWS.length + 1 && buffer.resizable) return new Uint16Array(buffer, start);
      return buffer;
    });
    // A view that is alone on its buffer brings only its part: list every buffer, so that no view is alone.
    return { list, buffers };
  });

const ERRORS = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError] as const;

/** Errors that cause each other, also in cycles; some are AggregateErrors, some have own properties. */
export const errors = fc
  .array(
    fc.record({
      kind: fc.nat(ERRORS.length),
      message: text,
      cause: fc.option(fc.oneof(fc.nat(10), anything), { nil: undefined }),
      to: fc.array(fc.nat(10), { maxLength: 3 }),
      own: fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), anything, { maxKeys: 3, noNullPrototype: true }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((recipes) => {
    const made = recipes.map(({ kind, message }) =>
      kind < ERRORS.length ? new ERRORS[kind](message) : new AggregateError([], message),
    );
    for (const [i, { cause, to, own }] of recipes.entries()) {
      const error = made[i];
      if (error instanceof AggregateError) error.errors.push(...to.map((each) => made[each % made.length]));
      if (cause !== undefined) {
        const value = typeof cause === "number" ? made[cause % made.length] : cause;
        Object.defineProperty(error, "cause", {
          value,
          writable: true,
          configurable: true,
          enumerable: false,
        });
      }
      for (const [name, value] of Object.entries(own))
        if (!(name in error)) Object.assign(error, { [name]: value });
    }
    return made;
  });

/** Any of these values. */
export const everything = fc.oneof(anything, graph, ordered, arrays, views, records);
