/** Repeated rounds leave nothing behind. `npm run leaks` runs more of them, and bare workers for comparison. */
import { test } from "node:test";
import { until, WATCHDOG } from "../support/processes.js";
import { backTo, baseline } from "../support/queues.js";
import { footprint, KINDS } from "./kinds.js";

/** Enough that a leak of one resource in each round exceeds the normal fluctuation. */
const ROUNDS = 24;

for (const name of ["closed", "terminated", "calls"]) {
  test(`${name}: threads, handles and shared memory are as before`, { timeout: 2 * WATCHDOG }, async () => {
    // Makes whatever is made once and kept.
    await KINDS.closed().round();
    const memory = await baseline();
    const kind = KINDS[name]();
    for (let i = 0; i < 4; i++) await kind.round();
    const before = footprint();
    for (let i = 0; i < ROUNDS; i++) await kind.round();
    await until(
      () => {
        const { threads = 0, resources } = footprint();
        return threads < (before.threads ?? 0) + ROUNDS / 4 && resources < before.resources + ROUNDS / 4;
      },
      `threads and handles as in ${JSON.stringify(before)}`,
    );
    await kind.stop();
    await backTo(memory);
  });
}
