/** An iteration keeps the process alive while its consumer waits for an item, and not otherwise. */
import { test } from "node:test";
import { assertEnded, startScenario, WATCHDOG } from "../support/processes.js";

const module = new URL("./iterations.scenarios.js", import.meta.url);
const outputs = { interpreter: "1\n", pool: "1\n2\n", waiting: "1 true\n" };

for (const [scenario, stdout] of Object.entries(outputs)) {
  test(scenario, { timeout: WATCHDOG }, async () => {
    assertEnded(await startScenario(module, scenario).ended, { code: 0, stdout });
  });
}
