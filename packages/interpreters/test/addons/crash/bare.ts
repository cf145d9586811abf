/** A program that uses an addon in bare workers only, and ends them: `node bare.js <addon> <rounds> <threads>`. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";

const [addon, rounds, threads] = process.argv.slice(2);
for (let round = 0; round < Number(rounds); round++) {
  const workers = Array.from(
    { length: Number(threads) },
    () => new Worker(new URL("./bare.worker.js", import.meta.url), { workerData: addon }),
  );
  await Promise.all(workers.map((worker) => once(worker, "message")));
  await Promise.all(workers.map((worker) => worker.terminate()));
  // The addon's threads may still have work to finish.
  await delay(20);
}
