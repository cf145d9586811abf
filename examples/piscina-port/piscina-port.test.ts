/** Both programs as a user runs them, on 100 real files. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runNode } from "../support/process.js";

const main = fileURLToPath(new URL("./main.js", import.meta.url));

test("a piscina program and its port have the same results", async () => {
  const { stdout, stderr, code } = await runNode([main, "--limit", "100"]);
  assert.deepEqual([stderr, code], ["", 0], stdout);
  assert.match(stdout, /^A program over 100 files, /m);
  assert.match(stdout, /^ {2}piscina: +\d+\.\d\d s$/m);
  assert.match(stdout, /^ {2}interpreters: +\d+\.\d\d s$/m);
  assert.match(stdout, /^Both had the same 100 results and ended the endless task: AbortError /m);
});
