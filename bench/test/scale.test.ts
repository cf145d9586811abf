import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { summarize } from "../report.js";
import { caseOf, findScaleCase, scaleRows, threadsOf } from "../scale/rows.js";
import { scaleTable } from "../scale/table.js";

const rowOf = (id: string) => scaleRows.find((row) => row.id === id) ?? assert.fail(`no row ${id}`);

suite("the rows of the scale table", () => {
  test("have cases that are found by their ids, with the same contenders", () => {
    for (const row of scaleRows) {
      for (const threads of threadsOf(row, [1, 2, 16])) {
        const made = caseOf(row, threads);
        const found = findScaleCase(made.id);
        assert.equal(found?.title, made.title);
        assert.deepEqual(
          found?.contenders.map(({ name }) => name),
          made.contenders.map(({ name }) => name),
        );
        assert.equal(made.contenders[0].ours, true);
      }
    }
    assert.equal(findScaleCase("scale-no-such-row-1w"), undefined);
    assert.equal(findScaleCase("queue-one-way-number"), undefined);
  });

  test("count pairs in twos, and what has one worker once", () => {
    assert.deepEqual(threadsOf(rowOf("empty"), [1, 2, 16]), [1, 2, 16]);
    assert.deepEqual(threadsOf(rowOf("pairs"), [1, 2, 16]), [2, 16]);
    assert.deepEqual(threadsOf(rowOf("one-way"), [1, 2, 16]), [1]);
  });
});

test("the table shows what more workers bring, how far this package is ahead, and failures", () => {
  const row = rowOf("fork-join");
  const bench = caseOf(row, 1);
  const report = (own: number[], peer: number[], failure?: string) =>
    summarize(bench, 0, [
      { contender: "interpreters: executor.submit", ours: true, figures: own },
      {
        contender: "piscina",
        ours: false,
        figures: peer,
        ...(failure !== undefined && { failure }),
      },
    ]);
  assert.equal(
    scaleTable(row, [1, 16], [report([4], [6]), report([5, 6, 4], [10])]),
    `fork-join: As many tasks of 5 ms as idle workers, until all are done (ms, lower is better)
                                 1  16  16 against 1  ours is, at 16
  interpreters: executor.submit  4   5        0.80 x
  piscina                        6  10        0.60 x          2.00 x`,
  );
  assert.match(
    scaleTable(row, [1, 16], [report([4], [6]), report([5], [], "start: hung for 15000 ms")]),
    /piscina +6 +failed\n {2}FAILED: piscina, 16: start: hung for 15000 ms$/,
  );
});
