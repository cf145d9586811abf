import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Environment } from "../environment.js";
import type { Unit } from "../harness.js";
import {
  byMachine,
  type CaseRecord,
  type CommitRecord,
  describeMachine,
  extractCase,
  extractRun,
  type Machine,
  machineKey,
  mergeRun,
  readHistory,
  record,
  type Run,
  whyNotRecorded,
} from "../history.js";
import { type CaseReport, type Report, summarize } from "../report.js";

const machine: Machine = {
  processor: "Example CPU",
  cores: 2,
  memoryGB: 8,
  platform: "linux x64",
  node: "v20.19.0",
};
const environment: Environment = {
  ...machine,
  v8: "11.3",
  commit: "0123456789",
  commitDate: "2026-03-01T10:00:00Z",
};

function caseReport(
  id: string,
  unit: Unit,
  ours: number[][],
  peers: number[][],
  busyElsewhere = 0,
): CaseReport {
  const results = [
    ...ours.map((figures, i) => ({ contender: `interpreters: ${i}`, ours: true, figures })),
    ...peers.map((figures, i) => ({ contender: `peer ${i}`, ours: false, figures })),
  ];
  return summarize({ id, title: id, unit, contenders: [] }, busyElsewhere, results);
}

function report(cases: CaseReport[], changes: Partial<Report> = {}): Report {
  return { date: "2026-03-01T12:00:00Z", quick: false, environment, cases, ...changes };
}

const figures = (value: number, changes: Partial<CaseRecord> = {}): CaseRecord => ({
  unit: "ops/s",
  ours: { ours: value },
  peers: { peer: 1 },
  ...changes,
});
const run = (cases: Record<string, CaseRecord>, changes: Partial<Run> = {}): Run => ({
  machine,
  date: "2026-03-01T12:00:00Z",
  cases,
  ...changes,
});
const commit: CommitRecord = { commit: "0123456789", date: "2026-03-01T10:00:00Z", runs: [] };

suite("the medians of a case", () => {
  test("are all that is kept, with the ratio to the best peer", () => {
    assert.deepEqual(extractCase(caseReport("a", "ops/s", [[100, 300, 200]], [[50, 40, 60], [80], [70]])), {
      unit: "ops/s",
      ours: { "interpreters: 0": 200 },
      peers: { "peer 0": 50, "peer 1": 80, "peer 2": 70 },
      bestPeer: "peer 1",
      ratio: 2.5,
    });
  });

  test("of a case where lower is better: the best peer is the lowest, and the ratio inverted", () => {
    const found = extractCase(caseReport("a", "ms", [[10], [1]], [[40], [20]]));
    assert.equal(found?.bestPeer, "peer 1");
    assert.equal(found?.ratio, 2, "of the first contender of this package");
  });

  test("leave out contenders without figures", () => {
    const found = extractCase(caseReport("a", "ops/s", [[], [3]], [[], [2]]));
    assert.deepEqual(found?.ours, { "interpreters: 1": 3 });
    assert.deepEqual(found?.peers, { "peer 1": 2 });
    assert.equal(found?.ratio, 1.5);
    assert.equal(extractCase(caseReport("a", "ops/s", [[]], [[2]])), undefined);
  });

  test("have no ratio without peers, nor to a figure of 0", () => {
    const alone = extractCase(caseReport("a", "ops/s", [[3]], []));
    assert.deepEqual([alone?.bestPeer, alone?.ratio], [undefined, undefined]);
    assert.equal(extractCase(caseReport("a", "MB", [[3]], [[-0.1]]))?.ratio, undefined);
  });

  test("say when other processes disturbed them", () => {
    assert.equal(extractCase(caseReport("a", "ms", [[1]], [], 0.26))?.busyElsewhere, 0.3);
    assert.equal(extractCase(caseReport("a", "ms", [[1]], [], 0.1))?.busyElsewhere, undefined);
  });

  test("are rounded, and hold no samples", () => {
    const text = JSON.stringify(
      extractRun(report([caseReport("a", "ops/s", [[123_456.789]], [[0.987654321]])])),
    );
    assert.match(text, /123460/);
    assert.doesNotMatch(text, /figures|123456/);
  });
});

suite("merging a run into the record of its commit", () => {
  test("a filtered run replaces its own cases and keeps the others", () => {
    const first = mergeRun(commit, run({ a: figures(1), b: figures(2) }));
    const second = mergeRun(first, run({ b: figures(3), c: figures(4) }, { date: "2026-03-02T12:00:00Z" }));
    assert.deepEqual(second.runs, [
      run({ a: figures(1), b: figures(3), c: figures(4) }, { date: "2026-03-02T12:00:00Z" }),
    ]);
  });

  test("the inputs stay as they are", () => {
    const first = mergeRun(commit, run({ a: figures(1) }));
    const before = structuredClone(first);
    mergeRun(first, run({ a: figures(2) }));
    assert.deepEqual(first, before);
    assert.deepEqual(commit.runs, []);
  });

  test("disturbed figures do not replace undisturbed ones, but each other", () => {
    const good = mergeRun(commit, run({ a: figures(1) }));
    const disturbed = run({ a: figures(2, { busyElsewhere: 1 }), b: figures(3, { busyElsewhere: 1 }) });
    assert.deepEqual(mergeRun(good, disturbed).runs[0].cases, {
      a: figures(1),
      b: figures(3, { busyElsewhere: 1 }),
    });
    const bad = mergeRun(commit, disturbed);
    const again = run({ a: figures(4, { busyElsewhere: 0.5 }), b: figures(5) });
    assert.deepEqual(mergeRun(bad, again).runs[0].cases, {
      a: figures(4, { busyElsewhere: 0.5 }),
      b: figures(5),
    });
  });

  const others: [string, Partial<Machine>][] = [
    ["processor", { processor: "Other CPU" }],
    ["number of cores", { cores: 4 }],
    ["amount of memory", { memoryGB: 16 }],
    ["platform", { platform: "darwin arm64" }],
    ["Node.js version", { node: "v24.0.0" }],
    ["name", { name: "attic" }],
  ];
  for (const [what, change] of others) {
    test(`another ${what} is another machine`, () => {
      const other = { ...machine, ...change };
      assert.notEqual(machineKey(other), machineKey(machine));
      assert.notEqual(describeMachine(other), describeMachine(machine));
      const first = mergeRun(commit, run({ a: figures(1) }));
      const both = mergeRun(first, run({ a: figures(2) }, { machine: other }));
      assert.deepEqual(both.runs, [run({ a: figures(1) }), run({ a: figures(2) }, { machine: other })]);
    });
  }
});

test("reports that no commit answers for are not recorded", () => {
  assert.equal(whyNotRecorded(report([])), undefined);
  assert.match(whyNotRecorded(report([], { quick: true })) ?? "", /--quick/);
  const of = (name: string) =>
    whyNotRecorded(report([], { environment: { ...environment, commit: name } })) ?? "";
  assert.match(of("0123456789-dirty"), /differs from commit 0123456789;/);
  assert.match(of("unknown"), /not a git checkout/);
});

suite("the folder of records", () => {
  const inFolder = (body: (folder: string) => Promise<void>) => async () => {
    const folder = await mkdtemp(join(tmpdir(), "bench-history-"));
    try {
      await body(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  const measured = (name: string, commitDate: string, node = "v20.19.0") =>
    report([caseReport("a", "ops/s", [[2]], [[1]])], {
      environment: { ...environment, commit: name, commitDate, node },
    });

  test(
    "has a file for each commit, and nothing else is left there",
    inFolder(async (folder) => {
      const file = await record(join(folder, "new"), measured("bbbbbbbbbb", "2026-01-02T00:00:00Z"));
      await record(join(folder, "new"), measured("aaaaaaaaaa", "2026-01-01T00:00:00Z"));
      await record(join(folder, "new"), measured("bbbbbbbbbb", "2026-01-02T00:00:00Z"));
      assert.deepEqual((await readdir(join(folder, "new"))).toSorted(), [
        "aaaaaaaaaa.json",
        "bbbbbbbbbb.json",
      ]);
      const written = JSON.parse(await readFile(file, "utf8")) as CommitRecord;
      assert.equal(written.runs.length, 1);
    }),
  );

  test(
    "is read in the order of the commits, whatever their time zones and when they were measured",
    inFolder(async (folder) => {
      await record(folder, measured("cccccccccc", "2026-01-02T09:00:00+09:00"));
      await record(folder, measured("aaaaaaaaaa", "2026-01-02T01:00:00+00:00"));
      await record(folder, measured("bbbbbbbbbb", "2025-12-31T00:00:00+00:00"));
      const order = (await readHistory(folder)).map((each) => each.commit);
      assert.deepEqual(order, ["bbbbbbbbbb", "cccccccccc", "aaaaaaaaaa"]);
    }),
  );

  test(
    "that is missing is empty; a record that cannot be read is named, and stays",
    inFolder(async (folder) => {
      assert.deepEqual(await readHistory(join(folder, "none")), []);
      const file = join(folder, "aaaaaaaaaa.json");
      await writeFile(file, "{");
      await assert.rejects(record(folder, measured("aaaaaaaaaa", "2026-01-01T00:00:00Z")), {
        message: /cannot read .*aaaaaaaaaa\.json/,
      });
      assert.equal(await readFile(file, "utf8"), "{");
    }),
  );
});

test("histories of machines are apart, the one that measured last first", () => {
  const other = { ...machine, node: "v24.0.0" };
  const machines = byMachine([
    { ...commit, commit: "a", runs: [run({ x: figures(1) }), run({ x: figures(10) }, { machine: other })] },
    { ...commit, commit: "b", runs: [run({ y: figures(2) }, { date: "2026-03-03T12:00:00Z" })] },
    { ...commit, commit: "c", runs: [run({ x: figures(3) })] },
  ]);
  assert.deepEqual(
    machines.map((each) => [each.machine.node, each.date, each.commits, [...each.cases.keys()]]),
    [
      ["v20.19.0", "2026-03-03T12:00:00Z", ["a", "b", "c"], ["x", "y"]],
      ["v24.0.0", "2026-03-01T12:00:00Z", ["a"], ["x"]],
    ],
  );
  assert.deepEqual(machines[0].cases.get("x"), [
    { commit: "a", figures: figures(1) },
    { commit: "c", figures: figures(3) },
  ]);
});
