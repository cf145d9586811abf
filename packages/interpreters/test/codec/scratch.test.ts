/** The space that values are encoded into. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encode } from "../../src/codec/codec.js";
import { NotShareableError } from "../../src/base/errors.js";
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

  it("takes no value that is too large for a record, and is as it was", () => {
    class Small extends Scratch {
      override get most(): number {
        return 1000;
      }
    }
    const scratch = new Small();
    encode(scratch, ["before"], "value");
    const { end } = scratch;
    const fits: unknown[] = [new Uint8Array(990), "x".repeat(990), ["x".repeat(490), "y".repeat(490)]];
    for (const value of fits) {
      encode(scratch, value, "value");
      scratch.end = end;
    }
    const tooLarge: unknown[] = [
      new Uint8Array(1001),
      new Float64Array(200),
      "x".repeat(70_000),
      [{ deep: "é€".repeat(600) }],
      ["x".repeat(490), "y".repeat(600)],
      Array.from({ length: 1000 }, (_, i) => i),
    ];
    for (const value of tooLarge) {
      assert.throws(
        () => encode(scratch, value, "value"),
        (error) =>
          error instanceof NotShareableError && /at most 1000\. Send it in parts/.test(error.message),
      );
      assert.equal(scratch.end, end);
    }
    // Not the sum of several.
    for (let i = 0; i < 5; i++) encode(scratch, new Uint8Array(900), "value");
    assert.ok(scratch.end > 4500);
  });

  it("refuses 2 GiB before it copies them", { skip: !canAllocate(2 ** 31) }, () => {
    const scratch = new Scratch();
    assert.throws(() => encode(scratch, { bytes: new Uint8Array(2 ** 31) }, "value"), NotShareableError);
    assert.ok(scratch.bytes.length < 1 << 20);
  });
});

/** The bytes are never written, so they take no memory, but some systems do not promise that much. */
function canAllocate(bytes: number): boolean {
  try {
    return new ArrayBuffer(bytes).byteLength === bytes;
  } catch {
    return false;
  }
}
