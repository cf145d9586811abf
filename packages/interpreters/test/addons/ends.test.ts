/** Interpreters end while threads and callbacks of their addons live on; the process must survive that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEnded, start, startScenario, WATCHDOG } from "../support/processes.js";
import { skip } from "./fixtures.js";

const module = new URL("./ends.scenarios.js", import.meta.url);

test(
  "the process lives on, however interpreters end",
  { timeout: 2 * WATCHDOG, concurrency: 2, skip },
  async (t) => {
    const names = ["close", "terminate", "terminateBusy", "exit", "uncaught", "pool", "leave"];
    await Promise.all(
      names.map((name) =>
        t.test(name, async () =>
          assertEnded(await startScenario(module, name).ended, { code: 0, stdout: "alive\n" }),
        ),
      ),
    );
  },
);

test(
  "what main required before it imported the package is not loaded there again",
  { timeout: 2 * WATCHDOG, skip },
  async () => {
    const program = fileURLToPath(new URL("./early.js", import.meta.url));
    assertEnded(await start(process.execPath, [program]).ended, {
      code: 0,
      stdout: "2 AddonImportError 2\n",
    });
  },
);

test("addons-crash counts programs, and none of ours dies", { timeout: 2 * WATCHDOG, skip }, async () => {
  const main = fileURLToPath(new URL("./crash/main.js", import.meta.url));
  const { code, stdout, stderr } = await start(process.execPath, [main, "--runs", "1"]).ended;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, stdout);
  assert.match(stdout, /1 programs each/);
  for (const addon of ["with threads that wind down", "oxc-parser"]) {
    assert.match(stdout, new RegExp(`^\\| ${addon} \\| bare workers \\| \\d+ \\| .*\\|$`, "m"));
    assert.match(stdout, new RegExp(`^\\| ${addon} \\| interpreters \\| 0 \\|  \\|$`, "m"));
  }
});
