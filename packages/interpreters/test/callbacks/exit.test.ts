/** A process ends although a callback never settles, once its caller is gone. */
import { test } from "node:test";
import { assertEnded, startScenario, WATCHDOG } from "../support/processes.js";

for (const scenario of ["terminated", "timedOut"]) {
  test(
    `a callback that never settles keeps no process alive when its caller is gone: ${scenario}`,
    {
      timeout: WATCHDOG,
    },
    async () => {
      const { ended } = startScenario(new URL("./exit.scenarios.js", import.meta.url), scenario);
      assertEnded(await ended, { code: 0, stdout: "true\n" });
    },
  );
}
