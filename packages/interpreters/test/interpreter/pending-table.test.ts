import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PendingTable } from "../../src/thread/pending-table.js";

test("an entry is found by its number only, whatever other entries come and go", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant({ kind: "add" as const }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("take" as const), which: fc.nat() }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: "max" }), (steps) => {
      const table = new PendingTable<object>();
      const model = new Map<number, object>();
      const gone: number[] = [];
      for (const each of steps) {
        if (each.kind === "add") {
          const entry = {};
          const number = table.add(entry);
          assert.ok(number > 0 && !model.has(number));
          model.set(number, entry);
        } else if (model.size > 0) {
          const number = [...model.keys()][each.which % model.size];
          assert.equal(table.take(number), model.get(number));
          model.delete(number);
          gone.push(number);
        }
      }
      assert.deepEqual(table.numbers(), [...model.keys()]);
      for (const [number, entry] of model) assert.equal(table.get(number), entry);
      for (const number of gone) assert.equal(table.take(number), undefined);
      assert.equal(table.size, model.size);
    }),
  );
});

test("an entry that stays keeps its number while others come and go", () => {
  const table = new PendingTable<string>();
  const number = table.add("stays");
  for (let i = 0; i < 10_000; i++) table.take(table.add("goes"));
  assert.equal(table.get(number), "stays");
  assert.deepEqual(table.numbers(), [number]);
});

test("after many entries have gone there is room for as many again", () => {
  const table = new PendingTable<number>();
  for (let round = 0; round < 3; round++) {
    const numbers = Array.from({ length: 10_000 }, (_, i) => table.add(i));
    assert.equal(new Set(numbers).size, numbers.length);
    for (const [i, number] of numbers.entries()) assert.equal(table.take(number), i);
    assert.equal(table.size, 0);
    assert.equal(table.take(numbers[0]), undefined);
  }
});
