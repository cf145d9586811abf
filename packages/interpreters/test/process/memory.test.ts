/** A process with little address space uses up all of its shared memory. */
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEnded, littleAddressSpace, start, WATCHDOG } from "../support/processes.js";

const program = fileURLToPath(new URL("./memory.scenarios.js", import.meta.url));
const linux = process.platform === "linux" ? {} : { skip: "needs ulimit" };

test(
  "an interpreter that needs more shared memory than exists gets a clear error, and the others continue",
  { timeout: 2 * WATCHDOG, ...linux },
  async () => {
    const command = `${littleAddressSpace}; exec "$0" "$@"`;
    const running = start("bash", ["-c", command, process.execPath, program]);
    assertEnded(await running.ended, { code: 0, stdout: "ERR_INTERPRETER_MEMORY true\ndone\ntrue\n" });
  },
);

// V8 would grant a memory that grows within some of these, and abort the process when the next thread starts.
for (const limit of [20_000_000, 14_000_000, 12_000_000, 10_000_000]) {
  test(
    `address space for threads is left of ${limit / 1e6} GB`,
    { timeout: 2 * WATCHDOG, ...linux },
    async () => {
      const scenarios = fileURLToPath(new URL("./environment.scenarios.js", import.meta.url));
      const command = `ulimit -v ${limit}; exec "$0" "$@"`;
      const running = start("bash", ["-c", command, process.execPath, scenarios, "everything"]);
      assertEnded(await running.ended, { code: 0, stdout: "5\n42\nmodule\n7\n14\nexit\n" });
    },
  );
}
