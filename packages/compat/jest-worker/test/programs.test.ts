/** Real programs with this package in the place of jest-worker. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";

const script = path.join(__dirname, "../../../../../scripts/program.mjs");

const programs: readonly (readonly [title: string, name: string])[] = [
  ["webpack with terser-webpack-plugin builds the same files", "webpack"],
  ["jest --workerThreads has the same results", "jest"],
];

for (const [title, name] of programs) {
  test(title, { timeout: 300_000 }, (t) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, name], { encoding: "utf8" });
    if (status === 77) t.skip(stdout.trim());
    else assert.equal(status, 0, stdout + stderr);
  });
}
