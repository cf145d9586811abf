/** Plain objects and arrays: their properties, holes and getters. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import vm from "node:vm";
import { assertCopied, decoded, encoded, roundTrip } from "./support.js";

function holes(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

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

  it("takes instances of user classes as data, also of a class that is a global by now", () => {
    class Point {
      x = 1;
    }
    const globals = globalThis as { Point?: typeof Point; Config?: object };
    assertCopied(new Point(), { x: 1 });
    globals.Point = Point;
    globals.Config = { [Symbol.toStringTag]: "Config", on: true };
    try {
      assertCopied(Object.create(Point.prototype, { y: { value: 2, enumerable: true } }), { y: 2 });
      assert.deepEqual(roundTrip({ ...globals.Config }), { on: true });
      assert.deepEqual(roundTrip(new (class Point2 extends Point {})()), { x: 1 });
    } finally {
      delete globals.Point;
      delete globals.Config;
    }
  });

  it("looks behind the tag of an object of the runtime's, and copies it", () => {
    class Tagged extends Map<string, number> {
      override get [Symbol.toStringTag](): string {
        return "Object";
      }
    }
    const map = new Tagged([["a", 1]]);
    const copy = roundTrip<object>({ map }) as { map: unknown };
    assert.deepEqual(copy, { map: new Map([["a", 1]]) });
    const date = Object.defineProperty(new Date(5), Symbol.toStringTag, { value: "Object" });
    assert.deepEqual(roundTrip<unknown>(date), new Date(5));
  });

  it("refuses the runtime's own namespaces, whatever the globals are by now", () => {
    const { Intl: intl } = globalThis;
    const globals = globalThis as { Intl: object };
    globals.Intl = {};
    try {
      assert.throws(() => encoded(intl), /is an Intl/);
    } finally {
      globals.Intl = intl;
    }
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
