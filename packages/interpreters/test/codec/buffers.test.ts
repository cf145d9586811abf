/** Array buffers, typed arrays, DataView and Buffer. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NotShareableError } from "../../src/base/errors.js";
import { assertSameGraph, encoded, roundTrip } from "./support.js";

const source = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 0xff).buffer;

const typedArrays: readonly (new (buffer: ArrayBuffer) => ArrayBufferView)[] = [
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
  DataView,
];

describe("buffers and views", () => {
  it("keeps every kind of view", () => {
    for (const View of typedArrays) {
      for (const size of [0, 8, 64, 1024]) {
        const buffer = new ArrayBuffer(size);
        new Uint8Array(buffer).set(new Uint8Array(source).subarray(0, size));
        assertSameGraph(roundTrip(new View(buffer)), new View(buffer));
      }
    }
  });

  it("keeps array buffers", () => {
    for (const size of [0, 1, 64]) assertSameGraph(roundTrip(source.slice(0, size)), source.slice(0, size));
  });

  it("shares no memory with the original", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const copy = roundTrip({ bytes });
    bytes[0] = 9;
    assert.deepEqual([...copy.bytes], [1, 2, 3]);
    assert.equal(copy.bytes.buffer.byteLength, 3);
  });

  it("takes only its own part along when a view is alone on its buffer", () => {
    const big = new Uint8Array(1 << 20);
    big.set([1, 2, 3, 4], 1000);
    for (const view of [
      big.subarray(1000, 1004),
      new Int32Array(big.buffer, 1000, 1),
      new DataView(big.buffer, 1000, 4),
    ]) {
      const { bytes } = encoded({ view });
      assert.ok(bytes.length < 100);
      const copy = roundTrip({ view }).view;
      assert.equal(copy.constructor, view.constructor);
      assert.deepEqual([...new Uint8Array(copy.buffer)], [1, 2, 3, 4]);
    }
  });

  it("keeps a buffer shared by several views, however they come", () => {
    const whole = new Uint8Array(source);
    const part = new Uint8Array(source, 8, 16);
    const words = new Float64Array(source, 16, 2);
    const data = new DataView(source, 3);
    const lists: object[][] = [
      [whole, part],
      [part, whole],
      [part, words],
      [part, words, data, whole],
      [whole, whole],
      [part, part],
      [source, whole],
      [whole, source],
      [part, source],
      [source, part],
      [part, source, whole, words, source],
      [part, new Uint8Array(8), words],
      [whole, new Map([[part, source]])],
    ];
    for (const list of lists) {
      const alone = list.every((each) => each === part);
      if (alone) {
        const [a, b] = roundTrip(list);
        assert.equal(a, b);
      } else {
        assertSameGraph(roundTrip(list), list);
        assertSameGraph(roundTrip({ list, deep: [{ list }] }), { list, deep: [{ list }] });
      }
    }
  });

  it("keeps the buffers of many views apart", () => {
    const list = Array.from({ length: 60 }, (_, i) => new Uint8Array([i, i + 1]));
    assertSameGraph(roundTrip([...list, ...list.map((view) => view.buffer)]), [
      ...list,
      ...list.map((view) => view.buffer),
    ]);
  });

  it("makes a Uint8Array of just its bytes of a Buffer", () => {
    const small = Buffer.from("pooled");
    const other = Buffer.from("neighbour");
    assert.equal(small.buffer, other.buffer);
    const copy = roundTrip([small, other, small]);
    assert.equal(copy[0].constructor, Uint8Array);
    assert.deepEqual(
      copy.map((each) => [each.buffer.byteLength, Buffer.from(each).toString()]),
      [
        [6, "pooled"],
        [9, "neighbour"],
        [6, "pooled"],
      ],
    );
    assert.equal(copy[0], copy[2]);
  });

  it("keeps buffers resizable, and views that follow their size", () => {
    const buffer = new ArrayBuffer(4, { maxByteLength: 16 });
    const copy = roundTrip({ view: new Uint8Array(buffer), part: new Uint8Array(buffer, 1, 2), buffer });
    assert.equal(copy.buffer.maxByteLength, 16);
    copy.buffer.resize(8);
    assert.deepEqual([copy.view.length, copy.part.length, copy.view.buffer === copy.buffer], [8, 2, true]);
  });

  it("keeps apart views that follow their buffer's size and views that only end where it ends", () => {
    const buffer = new ArrayBuffer(4, { maxByteLength: 16 });
    const list = [
      new Uint8Array(buffer),
      new Uint8Array(buffer, 0, 4),
      new DataView(buffer, 2),
      new DataView(buffer, 2, 2),
      new Uint8Array(buffer, 4),
      new Uint8Array(buffer, 4, 0),
    ];
    const sizes = (of: ArrayBufferView[]): number[] => {
      (of[0].buffer as ArrayBuffer).resize(10);
      return of.map((view) => view.byteLength);
    };
    const copy = roundTrip(list);
    assert.deepEqual(sizes(copy), [10, 4, 8, 2, 6, 0]);
    assert.deepEqual(sizes(structuredClone(list)), [10, 4, 8, 2, 6, 0]);
  });

  it("keeps a view whose buffer ends within an element, or refuses it where the engine makes none", () => {
    const buffer = new ArrayBuffer(4, { maxByteLength: 16 });
    const view = new Uint16Array(buffer);
    buffer.resize(5);
    let copy: Uint16Array;
    try {
      copy = roundTrip(view);
    } catch (error) {
      assert.ok(error instanceof NotShareableError);
      return;
    }
    (copy.buffer as ArrayBuffer).resize(8);
    assert.equal(copy.length, 4);
  });

  it("refuses a view that lies outside its buffer, as structured clone does", () => {
    const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
    const view = new Uint8Array(buffer, 4, 4);
    buffer.resize(4);
    assert.throws(() => structuredClone(view));
    assert.throws(() => encoded([view]), /value\[0\] is a Uint8Array outside its buffer/);
  });

  it("refuses detached and shared buffers", () => {
    const detached = new ArrayBuffer(8);
    const view = new Uint16Array(detached);
    const data = new DataView(detached);
    structuredClone(detached, { transfer: [detached] });
    for (const value of [detached, view, data]) {
      assert.throws(
        () => encoded({ value }),
        (error) => error instanceof NotShareableError && /value\.value is .*detached/.test(error.message),
      );
    }
    const shared = new SharedArrayBuffer(8);
    assert.throws(() => encoded([shared]), /value\[0\] is a SharedArrayBuffer/);
    assert.throws(() => encoded({ a: new Uint8Array(shared) }), /value\.a\.buffer is a SharedArrayBuffer/);
  });
});
