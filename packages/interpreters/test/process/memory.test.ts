/** A process with little address space uses up all of its shared memory. */
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEnded, littleAddressSpace, start, WATCHDOG } from "../support/processes.js";

const program = fileURLToPath(new URL("./memory.scenarios.js", import.meta.url));
const linux =
  process.platform === "linux" && littleAddressSpace !== undefined
    ? {}
    : { skip: "needs ulimit, and an older Node" };

test(
  "an interpreter that needs more shared memory than exists gets a clear error, and the others continue",
  { timeout: 2 * WATCHDOG, ...linux },
  async () => {
    const command = `${littleAddressSpace}; exec "$0" "$@"`;
    const running = start("bash", ["-c", command, process.execPath, program]);
    assertEnded(await running.ended, { code: 0, stdout: "ERR_INTERPRETER_MEMORY true\ndone\ntrue\n" });
  },
);
