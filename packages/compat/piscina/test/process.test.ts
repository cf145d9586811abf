/** piscina's own suite over this package, where the registry that has the suite can be reached. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";

const root = path.join(__dirname, "../../../../../..");
const shell = process.platform === "win32";
const found = spawnSync(
  "npm",
  ["view", "piscina@5.3.2", "version", "--fetch-retries=0", "--fetch-timeout=10000"],
  {
    cwd: root,
    shell,
    timeout: 60_000,
  },
);
const skip = found.status === 0 ? false : "the registry that has piscina's suite cannot be reached";

test("piscina's own suite passes", { skip, timeout: 600_000 }, async () => {
  const child = spawn(process.execPath, ["scripts/conformance.mjs", "piscina"], { cwd: root });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  assert.equal(code, 0, output);
});
