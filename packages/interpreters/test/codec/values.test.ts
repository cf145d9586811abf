/** Values that travel by copy, one by one: primitives, built-in objects, identity. Objects and arrays: objects.test.ts. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertCopied, roundTrip } from "./support.js";

describe("primitives", () => {
  it("keeps null, undefined and booleans", () => {
    for (const value of [null, undefined, true, false]) assertCopied(value);
  });

  it("keeps every kind of number, negative zero and NaN among them", () => {
    const numbers = [
      0,
      -0,
      1,
      127,
      128,
      -1,
      -128,
      2 ** 31 - 1,
      2 ** 31,
      -(2 ** 31),
      -(2 ** 31) - 1,
      2 ** 53 - 1,
    ];
    numbers.push(
      2 ** 53,
      -(2 ** 53),
      1.5,
      -1e-300,
      5e-324,
      Number.MAX_VALUE,
      Infinity,
      -Infinity,
      NaN,
      65535,
      65536,
    );
    for (const number of numbers) {
      assertCopied(number);
      assertCopied([number]);
    }
  });

  it("keeps bigints of any size", () => {
    for (const bits of [0n, 1n, 7n, 31n, 62n, 63n, 64n, 65n, 127n, 128n, 1000n, 100_000n]) {
      for (const add of [-1n, 0n, 1n]) {
        assertCopied((1n << bits) + add);
        assertCopied(-(1n << bits) + add);
      }
    }
  });

  it("keeps strings of all lengths and alphabets", () => {
    const letters = ["a", "é", "ÿ", "Ā", "€", "中", "😀", "\ud800", "\udc00", "\0"];
    for (const letter of letters) {
      for (let length = 0; length <= 70; length++) assertCopied(letter.repeat(length));
      for (const length of [127, 128, 129, 255, 256, 5000, 70_000]) {
        assertCopied(letter.repeat(length));
        assertCopied("x".repeat(length) + letter);
        assertCopied([letter + "x".repeat(length)]);
      }
    }
  });

  it("keeps strings that are put together of pieces", () => {
    let rope = "";
    for (let i = 0; i < 1000; i++) rope += `${i}, `;
    assertCopied(rope);
    assertCopied(rope.slice(17, 400));
  });
});

describe("built-in objects", () => {
  it("keeps maps and sets, their order, and any keys", () => {
    const key = { key: true };
    assertCopied(
      new Map<unknown, unknown>([
        [1, "one"],
        ["1", "text"],
        [key, [key]],
        [NaN, -0],
        [undefined, null],
      ]),
    );
    assertCopied(new Set<unknown>([3, 1, 2, key, new Set([key])]));
    class Special extends Map<string, number> {
      override forEach(): void {
        throw new Error("not to be called");
      }
    }
    assertCopied(new Special([["a", 1]]), new Map([["a", 1]]));
  });

  it("keeps dates, valid or not", () => {
    for (const time of [0, -1, Date.now(), 8.64e15, NaN]) assertCopied(new Date(time));
  });

  it("keeps regular expressions, with their last index set back", () => {
    const regexp = /a(b)+\/[\u4e00]/dgimsuy;
    regexp.lastIndex = 7;
    const copy = roundTrip(regexp);
    assert.deepEqual([copy.source, copy.flags, copy.lastIndex], [regexp.source, regexp.flags, 0]);
    assertCopied(new RegExp(""));
  });

  it("keeps boxed primitives", () => {
    for (const value of [true, false, 0, -0, NaN, "", "text", "中", 5n, 2n ** 70n])
      assertCopied(Object(value));
    const box = Object("shared") as object;
    assertCopied([box, box]);
  });
});

describe("identity", () => {
  it("keeps cycles and repeated references, few or many", () => {
    for (const count of [1, 2, 11, 12, 13, 14, 200, 2000]) {
      const objects: Record<string, unknown>[] = Array.from({ length: count }, (_, id) => ({ id }));
      for (const [i, object] of objects.entries()) {
        object["next"] = objects[(i + 1) % count];
        object["all"] = i % 5 === 0 ? objects : [objects[(i * 7) % count]];
      }
      if (count <= 200) assertCopied(objects[0]);
      const flat = Array.from({ length: count }, () => [1]);
      assertCopied([...flat, ...flat, flat]);
    }
    const self: unknown[] = [];
    self.push(self);
    assertCopied(self);
    const map = new Map<unknown, unknown>();
    map.set(map, new Set([map]));
    assertCopied(map);
  });

  it("keeps repeated dates, regular expressions and errors", () => {
    const [date, regexp, error] = [new Date(1), /x/, new Error("one")];
    assertCopied([date, regexp, error, { date, regexp, error }]);
  });
});

describe("nesting", () => {
  it("may be a thousand deep", () => {
    let value: unknown = "bottom";
    for (let i = 0; i < 1000; i++) value = i % 2 === 0 ? [value] : { value };
    let copy = roundTrip(value);
    for (let i = 0; i < 1000; i++) copy = Object.values(copy as object)[0];
    assert.equal(copy, "bottom");
  });
});
