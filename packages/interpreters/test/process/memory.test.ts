/** All of the shared memory that a process with little address space can have is used up. */
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEnded, littleAddressSpace, start, WATCHDOG } from "../support/processes.js";

const program = fileURLToPath(new URL("./memory.scenarios.js", import.meta.url));
const linux =
  process.platform === "linux" && littleAddressSpace !== undefined
    ? {}
    : { skip: "needs ulimit, and an older Node" };

test(
  "who asks for more shared memory than there is gets a clear error, and everybody else goes on",
  { timeout: 2 * WATCHDOG, ...linux },
  async () => {
    const command = `${littleAddressSpace}; exec "$0" "$@"`;
    const running = start("bash", ["-c", command, process.execPath, program]);
    assertEnded(await running.ended, { code: 0, stdout: "ERR_INTERPRETER_MEMORY true\ndone\ntrue\n" });
  },
);
