/**
 * Main makes a code cache for the first interpreter of a process, which leaves a better one for later ones, whatever it does. Without them,
 * each takes milliseconds longer to start.
 */
import { test } from "node:test";
import { assertEnded, startScenario, WATCHDOG } from "../support/processes.js";

const module = new URL("./code-cache.scenarios.js", import.meta.url);

for (const first of ["answers", "is closed", "does not answer"]) {
  test(`later threads start with a code cache where the first ${first}`, { timeout: WATCHDOG }, async () => {
    assertEnded(await startScenario(module, first).ended, { code: 0, stdout: "accepted\n" });
  });
}

test("main makes a code cache while the first thread starts", { timeout: WATCHDOG }, async () => {
  assertEnded(await startScenario(module, "is the first").ended, { code: 0, stdout: "made\n" });
});

test(
  "in another context, as of a test runner, Node's loader loads the bundle",
  { timeout: WATCHDOG },
  async () => {
    const { ended } = startScenario(module, "in a context");
    assertEnded(await ended, { code: 0, stdout: "1 true\n" });
  },
);
