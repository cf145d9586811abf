import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DOMParser } from "linkedom";
import type { CaseRecord, CommitRecord, Machine } from "../history.js";
import { thin } from "../plot/chart.js";
import { barsOf, linesOf } from "../plot/series.js";
import { writePlots } from "../plot/write.js";

const machine: Machine = {
  processor: "Example <CPU>",
  cores: 2,
  memoryGB: 8,
  platform: "linux x64",
  node: "v20.19.0",
};
const figures = (value: number): CaseRecord => ({
  unit: "ops/s",
  ours: { "interpreters: executor.submit": value, "interpreters: interp.call": 2 * value },
  peers: { piscina: 100, "piscina, 64 tasks per worker": 200, tinypool: 50 },
  bestPeer: "piscina, 64 tasks per worker",
  ratio: value / 200,
});
const start: CaseRecord = {
  unit: "ms",
  ours: { "interpreters: create": 40 },
  peers: { "bare Worker": 20 },
  bestPeer: "bare Worker",
  ratio: 0.5,
};
const record = (commit: string, value: number, node: string, day: string): CommitRecord => ({
  commit,
  date: `${day}T00:00:00Z`,
  runs: [
    {
      machine: { ...machine, node },
      date: `${day}T01:00:00Z`,
      cases: {
        "empty-tasks-64-in-flight-1w": figures(value),
        "create-later": start,
        "gone-case": figures(value),
      },
    },
  ],
});
const history = [
  record("aaaaaaaaaa", 300, "v20.19.0", "2026-01-01"),
  record("bbbbbbbbbb", 400, "v24.0.0", "2026-01-02"),
  record("cccccccccc", 500, "v20.19.0", "2026-01-03"),
];

async function inFolder(
  records: readonly CommitRecord[],
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "bench-plots-"));
  try {
    for (const each of records) await writeFile(join(folder, `${each.commit}.json`), JSON.stringify(each));
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("bars: the best first, this package marked, its ratio beside each peer", () => {
  assert.deepEqual(
    barsOf(figures(150), { brief: false }).map(({ name, ours, label }) => [name, ours, label]),
    [
      ["interpreters: interp.call", true, "300 ops/s"],
      ["piscina, 64 tasks per worker", false, "200 ops/s (0.75 ×)"],
      ["interpreters: executor.submit", true, "150 ops/s"],
      ["piscina", false, "100 ops/s (1.50 ×)"],
      ["tinypool", false, "50 ops/s (3.00 ×)"],
    ],
  );
  const names = barsOf(start, { brief: false }).map(({ name, label }) => `${name} ${label}`);
  assert.deepEqual(names, ["bare Worker 20 ms (0.50 ×)", "interpreters: create 40 ms"], "lower is better");
});

test("brief bars: the best setting of each peer", () => {
  const names = barsOf(figures(150), { brief: true }).map(({ name }) => name);
  assert.deepEqual(names, [
    "interpreters: interp.call",
    "piscina, 64 tasks per worker",
    "interpreters: executor.submit",
    "tinypool",
  ]);
});

test("lines: those of this package, and the newest best peer", () => {
  const lines = linesOf([
    { commit: "a", figures: figures(1) },
    { commit: "b", figures: { ...figures(2), busyElsewhere: 1.5 } },
  ]);
  assert.deepEqual(
    lines.map(({ name, points }) => [name, points.map(({ value }) => value)]),
    [
      ["interpreters: executor.submit", [1, 2]],
      ["interpreters: interp.call", [2, 4]],
      ["piscina, 64 tasks per worker", [200, 200]],
    ],
  );
  assert.deepEqual(
    lines[0].points.map(({ disturbed }) => disturbed),
    [false, true],
  );
  assert.match(lines[0].points[1].label, /other processes kept 1\.5 cores busy/);
});

test("names of commits are thinned, and the newest stays", () => {
  assert.deepEqual(thin(["a", "b", "c"], 3), [["a", "b", "c"], 1]);
  assert.deepEqual(thin(["a", "b", "c", "d", "e"], 2), [["b", "e"], 3]);
});

test("the page needs nothing else, and keeps machines apart", async () => {
  await inFolder(history, async (folder) => {
    await writePlots(folder);
    const text = await readFile(join(folder, "index.html"), "utf8");
    assert.doesNotMatch(text, /<script|<link|<img|@import|url\(|(src|href)="(?!#)/);
    const document = new DOMParser().parseFromString(text, "text/html");
    const sections = [...document.querySelectorAll("section")];
    const shown = sections.map((section) => section.querySelector("h2")?.textContent ?? "");
    assert.deepEqual(
      shown.map((heading) => heading.slice(-14)),
      ["Node v20.19.0", "Node v24.0.0"].map((node) => `, ${node}`.slice(-14)),
    );
    assert.match(shown[0], /^Example <CPU>, 2 cores, 8 GB, linux x64/);
    const points = sections.map((section) => section.querySelectorAll("circle").length);
    // Two cases with three lines and one with two, over two commits and over one.
    assert.deepEqual(points, [16, 8]);
    assert.ok(!sections[0].textContent?.includes("bbbbbbbbbb"), "the other machine's commit");
    assert.ok(text.includes(">gone-case<"), "a case that no longer exists is still shown");
  });
});

test("the SVG files have their own background, and name their machine and commit", async () => {
  await inFolder(history, async (folder) => {
    const written = await writePlots(folder);
    assert.deepEqual(written, ["index.html", "tasks.svg", "start-up.svg", "commits.svg"]);
    for (const name of written.filter((each) => each.endsWith(".svg"))) {
      const text = await readFile(join(folder, name), "utf8");
      const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
      assert.equal(root?.tagName, "svg");
      assert.match(text, /prefers-color-scheme: dark/);
      assert.match(text, /class="page"/);
      assert.match(text, /Example &lt;CPU&gt;, 2 cores, 8 GB, linux x64, Node v20\.19\.0/);
      assert.doesNotMatch(text, /NaN|undefined|var\(|url\(/);
    }
    assert.match(await readFile(join(folder, "tasks.svg"), "utf8"), /Commit cccccccccc, 2026-01-03/);
  });
});

test("drawing the same history again changes no byte", async () => {
  await inFolder(history, async (folder) => {
    const read = async () => {
      await writePlots(folder);
      return Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
    };
    assert.deepEqual(await read(), await read());
  });
});

test("bench:plot draws, and fails on an empty history with what to do", async () => {
  const script = fileURLToPath(new URL("../plot/main.js", import.meta.url));
  const plot = (folder: string) => promisify(execFile)(process.execPath, [script, "--history", folder]);
  await inFolder(history, async (folder) => {
    assert.match((await plot(folder)).stdout, /index\.html, tasks\.svg/);
  });
  await inFolder([], async (folder) => {
    await assert.rejects(plot(folder), { code: 1, stderr: /No records in .*npm run bench/ });
    assert.deepEqual(await readdir(folder), []);
  });
});
