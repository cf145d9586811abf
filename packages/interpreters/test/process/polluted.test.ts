/** Members of `Object.prototype` are no options, wherever there are options. */
import { test } from "node:test";
import { assertEnded, startScenario, WATCHDOG } from "../support/processes.js";

const module = new URL("./polluted.scenarios.js", import.meta.url);

for (const name of ["interpreters", "queues", "coordination", "pools"]) {
  test(`what Object.prototype has is no option (${name})`, { timeout: WATCHDOG }, async () => {
    assertEnded(await startScenario(module, name).ended, { code: 0, stdout: "done\n" });
  });
}
