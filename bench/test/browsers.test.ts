import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { drawMarkdown, drawTable, type Figures, withFigures } from "../browsers/figures.js";

const row = { id: "round-trip", title: "Calls", unit: "ops/s" as const, ours: false };
const figures: Figures = {
  machine: { processor: "CPU", cores: 2, platform: "linux x64" },
  commit: "abc",
  date: "2026-11-28T00:00:00.000Z",
  browsers: [
    {
      name: "chromium",
      version: "Chromium 150",
      rows: [
        { ...row, name: "interpreters", ours: true, rounds: [100, 300, 200] },
        { ...row, name: "comlink", rounds: [50, 40, 60] },
        { ...row, name: "broken", rounds: [], problem: "no result" },
      ],
    },
  ],
};

test("the figures of browsers are medians, with ratios to ours", () => {
  assert.match(drawTable(figures.browsers[0]), /comlink +50 ops\/s {2}ours is 4\.00 times as fast/);
  assert.match(drawMarkdown(figures), /\| interpreters \| 200 ops\/s \|/);
  assert.match(drawMarkdown(figures), /\| broken \| fails \|/);
});

test("the guide for browsers shows the figures that were recorded", () => {
  const file = new URL("../../browsers/figures.json", import.meta.url);
  const guide = readFileSync(
    new URL("../../../packages/interpreters/docs/browsers.md", import.meta.url),
    "utf8",
  );
  // Each time the figures are recorded, the table is drawn.
  if (existsSync(file))
    assert.equal(withFigures(guide, JSON.parse(readFileSync(file, "utf8")) as Figures), guide);
});
