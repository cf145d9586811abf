/** A real program with this package in the place of synckit. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";

const script = path.join(__dirname, "../../../../../scripts/program.mjs");

test("ESLint with eslint-plugin-prettier finds and fixes the same", { timeout: 300_000 }, (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, "eslint"], { encoding: "utf8" });
  if (status === 77) t.skip(stdout.trim());
  else assert.equal(status, 0, stdout + stderr);
});
