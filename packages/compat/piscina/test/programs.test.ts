/** A real program with this package in the place of piscina. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";

const script = path.join(__dirname, "../../../../../../scripts/program.mjs");

test("@swc/cli compiles the same files", { timeout: 300_000 }, (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, "swc"], { encoding: "utf8" });
  if (status === 77) t.skip(stdout.trim());
  else assert.equal(status, 0, stdout + stderr);
});
