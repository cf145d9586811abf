/** What an interpreter has counted is on the disk once the program has learned of its end, although it was stopped. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { assertEnded, startScenario, WATCHDOG } from "../support/processes.js";

const scenarios = new URL("./coverage.scenarios.js", import.meta.url);

for (const way of ["terminate", "signal", "terminateWorkers"]) {
  test(`coverage is complete when an interpreter has ended: ${way}`, { timeout: WATCHDOG }, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "interpreters-coverage-"));
    try {
      const { ended } = startScenario(scenarios, way, { env: { NODE_V8_COVERAGE: folder } });
      assertEnded(await ended, { code: 0, stdout: "1\n2\n3\n4\n5\n" });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
