/** The space that values are encoded into. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encode } from "../../src/codec/codec.js";
import { acquireScratch, releaseScratch, Scratch } from "../../src/codec/scratch.js";

describe("a scratch", () => {
  it("keeps what is in it when it grows", () => {
    const scratch = new Scratch();
    const before = scratch.bytes;
    encode(scratch, "kept", "value");
    const { end } = scratch;
    const kept = Buffer.from(before.subarray(0, end));
    scratch.reserve(before.length * 3);
    assert.notEqual(scratch.bytes, before);
    assert.ok(scratch.bytes.length - end >= before.length * 3);
    assert.deepEqual(Buffer.from(scratch.bytes.subarray(0, end)), kept);
    scratch.bytes[3] = 77;
    assert.equal(scratch.view.getUint8(3), 77);
  });

  it("is empty when it is acquired, and nobody else's", () => {
    const one = acquireScratch();
    const other = acquireScratch();
    assert.notEqual(one, other);
    encode(one, [1, 2], "value");
    one.refs.push(1, 2, 3);
    releaseScratch(one);
    const again = acquireScratch();
    assert.deepEqual([again.end, again.refs], [0, []]);
    releaseScratch(again);
    releaseScratch(other);
  });

  it("gives back a buffer that grew too big", () => {
    const scratch = acquireScratch();
    scratch.reserve(5 << 20);
    encode(scratch, new Uint8Array(2 << 20), "value");
    releaseScratch(scratch);
    assert.ok(scratch.bytes.length < 1 << 20);
    assert.equal(scratch.view.byteLength, scratch.bytes.length);
  });
});
