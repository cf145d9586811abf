/** Interpreters end while threads and callbacks of their addons live; nothing of that may take the process with it. */
import { test } from "node:test";
import { assertEnded, startScenario, WATCHDOG } from "../support/processes.js";
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
