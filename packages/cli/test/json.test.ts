/** Which results are written as a line of JSON, and which are refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { toJsonLine } from "../src/json.js";

test("a result that JSON can express is one line, and undefined is null", () => {
  assert.equal(toJsonLine({ a: [1, "ä\n", null, true], b: undefined }), '{"a":[1,"ä\\n",null,true]}');
  assert.equal(toJsonLine(undefined), "null");
  assert.equal(toJsonLine(new Date(0)), '"1970-01-01T00:00:00.000Z"');
  assert.equal(toJsonLine([undefined, Number.NaN]), "[null,null]");
});

test("a result that JSON would change is refused, with the path to the culprit", () => {
  const refused = (result: unknown, message: RegExp): void => {
    assert.throws(() => toJsonLine(result), { name: "TypeError", message });
  };
  refused(1n, /^the result cannot be written as JSON: .*BigInt/);
  refused(new Map(), /^the result cannot be written as JSON: result is a Map/);
  refused({ items: [1, { "odd key": new Set() }] }, /: result\.items\[1\]\["odd key"\] is a Set/);
  refused({ why: new Error("x") }, /: result\.why is an error/);
  refused({ data: new Uint8Array(2) }, /: result\.data is binary data/);
  refused([/x/], /: result\[0\] is a RegExp/);
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  refused(cycle, /^the result cannot be written as JSON: [^\n]*circular[^\n]*$/);
});

test("the same object twice is not a cycle", () => {
  const shared = { x: 1 };
  assert.equal(toJsonLine([shared, shared]), '[{"x":1},{"x":1}]');
});
