/** The same as bare.ts, with a pool of interpreters. */
import { setTimeout as delay } from "node:timers/promises";
import { fromModule, InterpreterPoolExecutor } from "interpreters";

const { work } = fromModule<typeof import("./work.js")>(new URL("./work.js", import.meta.url));
const [addon, rounds, threads] = process.argv.slice(2);
for (let round = 0; round < Number(rounds); round++) {
  const maxWorkers = Number(threads);
  const pool = new InterpreterPoolExecutor({ maxWorkers, minWorkers: maxWorkers });
  await Promise.all(Array.from({ length: maxWorkers }, () => pool.submit(work, addon)));
  await pool.shutdown();
  await delay(20);
}
