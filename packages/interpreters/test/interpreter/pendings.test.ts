import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PendingTable } from "../../src/thread/pending-table.js";

test("what is pending is found by its number, and nothing else, whatever else comes and goes", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant({ kind: "add" as const }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("take" as const), which: fc.nat() }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: "max" }), (steps) => {
      const pendings = new PendingTable<object>();
      const model = new Map<number, object>();
      const gone: number[] = [];
      for (const each of steps) {
        if (each.kind === "add") {
          const one = {};
          const number = pendings.add(one);
          assert.ok(number > 0 && !model.has(number));
          model.set(number, one);
        } else if (model.size > 0) {
          const number = [...model.keys()][each.which % model.size];
          assert.equal(pendings.take(number), model.get(number));
          model.delete(number);
          gone.push(number);
        }
      }
      assert.deepEqual(pendings.numbers(), [...model.keys()]);
      for (const [number, one] of model) assert.equal(pendings.get(number), one);
      for (const number of gone) assert.equal(pendings.take(number), undefined);
      assert.equal(pendings.size, model.size);
    }),
  );
});

test("one that stays keeps its number while others come and go", () => {
  const pendings = new PendingTable<string>();
  const number = pendings.add("stays");
  for (let i = 0; i < 10_000; i++) pendings.take(pendings.add("goes"));
  assert.equal(pendings.get(number), "stays");
  assert.deepEqual(pendings.numbers(), [number]);
});

test("after many there is room for as many, in a small table again", () => {
  const pendings = new PendingTable<number>();
  for (let round = 0; round < 3; round++) {
    const numbers = Array.from({ length: 10_000 }, (_, i) => pendings.add(i));
    assert.equal(new Set(numbers).size, numbers.length);
    for (const [i, number] of numbers.entries()) assert.equal(pendings.take(number), i);
    assert.equal(pendings.size, 0);
    assert.equal(pendings.take(numbers[0]), undefined);
  }
});
