/** Bulk copies: every length around the limits, every kind of memory, and no byte outside the target touched. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copyBytes, uninitialized } from "../../src/base/bytes.js";

const SIZES = [0, 1, 47, 1023, 1024, 1025, 4096, 70_000, (1 << 20) + 3];

function privateMemory(size: number): Buffer {
  return Buffer.alloc(size);
}

function sharedMemory(size: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(size) as unknown as ArrayBuffer);
}

describe("copying bytes", () => {
  for (const from of [privateMemory, sharedMemory]) {
    for (const to of [privateMemory, sharedMemory]) {
      it(`from ${from.name} to ${to.name}`, () => {
        for (const size of SIZES) {
          const source = from(size + 7);
          for (let i = 0; i < source.length; i++) source[i] = (i * 31 + 5) & 0xff;
          const target = to(size + 11);
          target.fill(0xee);
          copyBytes(source, 3, target, 5, size);
          assert.equal(Buffer.compare(target.subarray(5, 5 + size), source.subarray(3, 3 + size)), 0);
          assert.ok([...target.subarray(0, 5), ...target.subarray(5 + size)].every((byte) => byte === 0xee));
        }
      });
    }
  }

  it("of all of a view that begins in the midst of its buffer", () => {
    const view = new Uint8Array(new Uint8Array(9000).map((_, i) => i).buffer, 1000, 5000);
    const target = uninitialized(5000);
    copyBytes(view, 0, target, 0, 5000);
    assert.deepEqual(target, view.slice());
  });
});

describe("room that is to be overwritten", () => {
  it("is an ordinary array with a buffer of its own size", () => {
    // More large arrays than `uninitialized` needs to see before it takes them for the rule.
    for (const size of [...SIZES, ...Array.from({ length: 20 }, () => 1 << 20)]) {
      const room = uninitialized(size);
      assert.equal(Object.getPrototypeOf(room), Uint8Array.prototype);
      assert.deepEqual([room.byteOffset, room.length, room.buffer.byteLength], [0, size, size]);
    }
  });
});
