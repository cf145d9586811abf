/** The first interpreter of a process leaves a code cache for later ones, whatever it does; without, each takes 3 ms longer to start. */
import { test } from "node:test";
import { assertEnded, startScenario, WATCHDOG } from "../support/processes.js";

const module = new URL("./code-cache.scenarios.js", import.meta.url);

for (const first of ["answers", "is closed", "does not answer"]) {
  test(`later threads start with a code cache where the first ${first}`, { timeout: WATCHDOG }, async () => {
    assertEnded(await startScenario(module, first).ended, { code: 0, stdout: "accepted\n" });
  });
}
