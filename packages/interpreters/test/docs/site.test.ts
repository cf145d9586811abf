/** The site of the guides and the reference can be made, and has no dead links (`npm run docs`). */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { start, WATCHDOG } from "../support/processes.js";

const build = fileURLToPath(new URL("../../../../../docs/build.mjs", import.meta.url));

test("npm run docs", { timeout: 2 * WATCHDOG }, async () => {
  const { code, stdout, stderr } = await start(process.execPath, [build], { cwd: path.dirname(build) }).ended;
  assert.deepEqual([code, stderr], [0, ""], stdout);
});
