/** Registered types: their instances arrive as instances. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterpreterError, NotShareableError } from "../../src/base/errors.js";
import { registerType } from "../../src/codec/registered-types.js";
import { isShareable } from "../../src/codec/shareable.js";
import { decoded, encoded, isNeutral, roundTrip } from "./support.js";

class Point {
  readonly #x: number;
  readonly #y: number;
  constructor(x: number, y: number) {
    this.#x = x;
    this.#y = y;
  }
  get sum(): number {
    return this.#x + this.#y;
  }
  toArray(): [number, number] {
    return [this.#x, this.#y];
  }
}
class Line {
  constructor(
    readonly from: unknown,
    readonly to: unknown,
  ) {}
}
class AppError extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}
class Unused {
  readonly a = 1;
}
class List extends Array<number> {}

registerType("test/Point", Point, {
  encode: (point) => point.toArray(),
  decode: ([x, y]) => new Point(x, y),
});
registerType("test/Line", Line, {
  encode: ({ from, to }) => ({ from, to }),
  decode: ({ from, to }) => new Line(from, to),
});
registerType("test/AppError", AppError, {
  encode: ({ message, status, stack, cause }) => ({ message, status, stack, cause }),
  decode: ({ message, status, ...others }) => Object.assign(new AppError(message, status), others),
});
registerType("test/List", List, { encode: (list) => [...list], decode: (items) => List.from(items) as List });
registerType("test/URL", URL, { encode: String, decode: (text) => new URL(text) });

describe("a registered type", () => {
  it("lets instances arrive as instances, wherever they are", () => {
    const point = new Point(1, 2);
    const copy = roundTrip({ point, list: [new Point(3, 4)], map: new Map([[point, point]]) });
    assert.ok(copy.point instanceof Point && copy.list[0] instanceof Point);
    assert.deepEqual([copy.point.sum, copy.list[0].sum], [3, 7]);
    assert.equal(copy.map.get(copy.point), copy.point);
    assert.ok(!isNeutral(point) && isShareable(point));
  });

  it("may hold others, arrays, classes of the runtime, and errors", () => {
    const line = roundTrip(new Line(new Point(1, 2), new Line(new URL("http://a.b/"), List.from([1, 2]))));
    const to = line.to as Line;
    assert.ok(
      line.from instanceof Point && to instanceof Line && to.from instanceof URL && to.to instanceof List,
    );
    assert.deepEqual([to.from.href, [...to.to]], ["http://a.b/", [1, 2]]);
    const error = new AppError("m", 404);
    const outer = roundTrip(new Error("outer", { cause: error }), true);
    assert.ok(outer.cause instanceof AppError);
    assert.deepEqual([outer.cause.message, outer.cause.status, outer.cause.stack], ["m", 404, error.stack]);
  });

  it("keeps the numbers of objects around it", () => {
    const shared = { a: 1 };
    const line = new Line(shared, [shared]);
    const [first, copy, last] = roundTrip<unknown[]>([shared, line, shared, line]) as [object, Line, object];
    assert.equal(copy.from, first);
    assert.equal((copy.to as object[])[0], first);
    assert.equal(last, first);
  });

  it("does not include subclasses", () => {
    class Sub extends Line {}
    assert.deepEqual(roundTrip(new Sub(1, 2)), { from: 1, to: 2 });
  });

  it("refuses what encode cannot make, and cycles through it", () => {
    const bad = new Line(() => 1, 2);
    assert.throws(
      () => encoded([bad]),
      (error) => {
        assert.ok(error instanceof NotShareableError);
        return /value\[0\]\.encode\(\)\.from is a function/.test(error.message);
      },
    );
    const cyclic: unknown[] = [];
    cyclic.push(new Line({ deep: cyclic }, 1));
    const itself = new Line(null, null);
    (itself as { from: unknown }).from = { itself };
    assert.throws(
      () => encoded(itself),
      (error) => {
        assert.ok(error instanceof NotShareableError);
        return error.message.includes("must not lead back");
      },
    );
    assert.equal(isShareable(itself), false);
    assert.equal(typeof roundTrip<unknown>({ itself }, true), "object");
    // Around it a cycle is no problem.
    const [line] = roundTrip(cyclic) as [Line];
    assert.deepEqual((line.from as { deep: unknown[] }).deep[0], line);
  });

  it("fails clearly where it is unknown, or where decode fails", () => {
    const { bytes } = encoded(new Point(1, 2));
    const unknown = Buffer.from(bytes);
    unknown.write("X", unknown.indexOf("Point"));
    assert.throws(
      () => decoded({ bytes: unknown, refs: [] }),
      (error) =>
        error instanceof InterpreterError &&
        /"test\/Xoint", which this interpreter does not know/.test(error.message),
    );
    class Failing {
      readonly a = 1;
    }
    const mine = new Error("mine");
    registerType("test/Failing", Failing, {
      encode: () => 1,
      decode: () => {
        throw mine;
      },
    });
    assert.throws(
      () => roundTrip(new Failing()),
      (error) => error instanceof InterpreterError && error.cause === mine,
    );
    class None {
      readonly a = 1;
    }
    registerType("test/None", None, { encode: () => 1, decode: () => 5 as never });
    assert.throws(() => roundTrip(new None()), /returned no object/);
  });

  it("is registered once, under one name, and with both functions", () => {
    const codec = { encode: () => 1, decode: () => new Point(1, 1) };
    registerType("test/Point", Point, {
      encode: (point: Point) => point.toArray(),
      decode: ([x, y]: [number, number]) => new Point(x, y),
    });
    for (const register of [
      () => registerType("test/Point", Line, codec as never),
      () => registerType("test/Other", Point, codec),
      () => registerType("", Point, codec),
      () => registerType(5 as never, Point, codec),
      () => registerType("test/Object", Object, codec as never),
      () => registerType("test/Array", Array, codec as never),
      () => registerType("test/Arrow", (() => 1) as never, codec),
      () => registerType("test/Half", Unused, { encode: () => 1 } as never),
      () => registerType("test/None", Unused, undefined as never),
    ])
      assert.throws(register, TypeError);
  });
});
