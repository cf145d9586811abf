/** A real program with this package in the place of tinypool. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../../../../../scripts/program.mjs", import.meta.url));

test("Vitest with threads has the same results, isolated and not", { timeout: 300_000 }, (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, "vitest"], { encoding: "utf8" });
  if (status === 77) t.skip(stdout.trim());
  else assert.equal(status, 0, stdout + stderr);
});
