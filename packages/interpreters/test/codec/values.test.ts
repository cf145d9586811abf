/** Every kind of value that travels by copy, one by one. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import vm from "node:vm";
import { assertSameGraph, decoded, encoded, isNeutral, roundTrip } from "./support.js";

function holes(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

function assertCopied(value: unknown, expected: unknown = value): void {
  assertSameGraph(roundTrip(value), expected);
}

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

describe("plain objects", () => {
  it("keeps properties and their order", () => {
    assertCopied({});
    assertCopied({ id: 1, name: "n", tags: ["a", "b"], nested: { x: 1.5, y: null, z: undefined } });
    assertCopied({ b: 1, a: 2, 7: 3, 1: 4, "": 5, "with space": 6, 中: 7 });
  });

  it("keeps objects with very many properties, and very long names", () => {
    for (const count of [39, 40, 41, 127, 128, 1000, 3000]) {
      assertCopied(Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, i])));
    }
    for (const length of [255, 256, 300, 511, 600, 70_000])
      assertCopied({ ["k".repeat(length)]: length, short: 1 });
  });

  it("keeps many objects of the same and of different shapes", () => {
    const same = Array.from({ length: 300 }, (_, id) => ({ id, name: `n${id}`, nested: { deep: { id } } }));
    assertCopied(same);
    assertCopied(same);
    const different = Array.from({ length: 3000 }, (_, id) => ({
      [`a${id % 2000}`]: id,
      b: { [`c${id}`]: 1 },
    }));
    assertCopied(different);
    assertCopied(Array.from({ length: 100 }, (_, i) => ({ first: 1, [`second${i % 30}`]: 2 })));
    assertCopied([{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }, { a: 1, b: 2, c: 3 }, { a: 1, b: 2 }]);
  });

  it("defines properties that mean something on Object.prototype, and assigns none", () => {
    const value = JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": 1, "toString": "x", "a": 1}',
    ) as object;
    assertCopied(value);
    assertCopied([value, value, { nested: value }]);
    assertCopied(
      Object.assign(
        JSON.parse('{"__proto__": 1}') as object,
        Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, i])),
      ),
    );
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it("leaves out what is inherited, not enumerable, or named by a symbol", () => {
    const inherited = Object.create({ inherited: 1 }) as Record<string | symbol, unknown>;
    inherited["own"] = 2;
    inherited[Symbol("s")] = 3;
    Object.defineProperty(inherited, "hidden", { value: 4 });
    assertCopied(inherited, { own: 2 });
  });

  it("makes plain objects of instances, of objects without a prototype, and of objects of other realms", () => {
    class Point {
      x = 1;
      #secret = 2;
      get sum(): number {
        return this.x + this.#secret;
      }
    }
    assertCopied(new Point(), { x: 1 });
    assertCopied(Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 });
    class Empty {
      method(): void {}
    }
    assertCopied(new Empty(), {});
    assertCopied(vm.runInNewContext("({ a: [1, { b: new Map([[1, 2]]) }], d: new Date(5) })"), {
      a: [1, { b: new Map([[1, 2]]) }],
      d: new Date(5),
    });
    const listed = function (this: void): object {
      // oxlint-disable-next-line prefer-rest-params
      return arguments;
    };
    assertCopied(Reflect.apply(listed, undefined, [1, 2]), { 0: 1, 1: 2 });
  });

  it("takes the values of getters, once, and leaves out what they delete", () => {
    let runs = 0;
    const value: Record<string, unknown> = {
      get first() {
        runs++;
        delete value["second"];
        value["later"] = 1;
        return "got";
      },
      second: 2,
      third: { a: 3 },
    };
    assertCopied(value, { first: "got", third: { a: 3 } });
    assert.equal(runs, 1);
  });

  it("encodes another value while a getter runs, even one of the same shape", () => {
    const inner = {
      get a() {
        return 1;
      },
      b: { c: [1, 2, 3] },
    };
    const outer = [
      { a: 1, b: 2 },
      {
        get a() {
          assertCopied(
            [{ a: 1, b: 2 }, inner],
            [
              { a: 1, b: 2 },
              { a: 1, b: { c: [1, 2, 3] } },
            ],
          );
          return "a";
        },
        b: 2,
      },
      { a: 3, b: 4 },
    ];
    assertCopied(outer, [
      { a: 1, b: 2 },
      { a: "a", b: 2 },
      { a: 3, b: 4 },
    ]);
  });

  it("copies what a proxy of a plain object or an array shows", () => {
    assertCopied(new Proxy({ a: 1, b: [2] }, {}), { a: 1, b: [2] });
    assertCopied(new Proxy([1, { a: 2 }], {}), [1, { a: 2 }]);
    assertCopied(
      new Proxy(
        Array.from({ length: 500 }, (_, i) => i),
        {},
      ),
      Array.from({ length: 500 }, (_, i) => i),
    );
  });
});

describe("arrays", () => {
  it("keeps elements, of any number", () => {
    for (const length of [0, 1, 2, 16, 96, 97, 127, 128, 1000, 20_000]) {
      assertCopied(Array.from({ length }, (_, i) => i * 3));
      assertCopied(Array.from({ length }, () => undefined));
      assertCopied(Array.from({ length }, (_, i) => ({ i, s: `s${i}` })));
    }
  });

  it("keeps holes apart from undefined", () => {
    // oxlint-disable-next-line no-sparse-arrays
    assertCopied([, 1, , undefined, 2, , ,]);
    assertCopied(holes(5));
    for (const length of [10, 64, 65, 100, 1000]) {
      const holed: unknown[] = holes(length);
      for (let i = 0; i < length; i += 3) holed[i] = i % 2 === 0 ? undefined : { i };
      assertCopied(holed);
      const many: unknown[] = holes(length);
      many[length >> 1] = "in the middle";
      assertCopied(many);
    }
  });

  it("keeps huge sparse arrays, in little space", () => {
    for (const length of [1e6, 1e9, 2 ** 32 - 1]) {
      const sparse: unknown[] = [];
      sparse.length = length;
      const copy = roundTrip(sparse);
      assert.equal(copy.length, length);
      assert.deepEqual(Object.keys(copy), []);
      sparse[length - 1] = "last";
      sparse[5] = { five: 5 };
      const { bytes, refs } = encoded(sparse);
      assert.ok(bytes.length < 100);
      const filled = decoded({ bytes, refs }) as unknown[];
      assert.deepEqual(Object.entries(filled), [
        ["5", { five: 5 }],
        [String(length - 1), "last"],
      ]);
    }
  });

  it("keeps other properties, short or long, dense or sparse", () => {
    for (const length of [0, 1, 5, 64, 65, 96, 97, 500]) {
      assertCopied(
        Object.assign(
          Array.from({ length }, (_, i) => i),
          { extra: [length], "-1": 1, "01": 2, 4294967295: 3 },
        ),
      );
      const holed = Object.assign(holes(length), { extra: true });
      if (length > 3) holed[3] = "x";
      assertCopied(holed);
    }
    const match = /(?<letter>b)/.exec("abc");
    const copy = roundTrip(match);
    assert.equal(copy?.index, 1);
    assert.deepEqual({ ...copy?.groups }, { letter: "b" });
  });

  it("makes arrays of instances of subclasses", () => {
    class Stack extends Array<number> {}
    assertCopied(Stack.from([1, 2, 3]), [1, 2, 3]);
    assertCopied(
      Stack.from({ length: 200 }, (_, i) => i),
      Array.from({ length: 200 }, (_, i) => i),
    );
  });

  it("survives getters that change the array", () => {
    const array: unknown[] = [
      {
        get a() {
          array.length = 2;
          return 1;
        },
      },
      2,
      3,
      4,
    ];
    const copy = roundTrip(array);
    assert.deepEqual(copy.slice(0, 2), [{ a: 1 }, 2]);
    assert.deepEqual(Object.keys(copy), ["0", "1"]);
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
