/** Pools that break, each in a process of its own, so that a test can read what is printed. */
import { type InterpreterError, InterpreterPoolExecutor } from "interpreters";
import { channel, outcome } from "../support/processes.js";

const scenarios: Record<string, () => Promise<void>> = {
  async failsInEachWorker() {
    const pool = new InterpreterPoolExecutor({
      maxWorkers: 4,
      initializer: () => {
        throw new RangeError("no licence");
      },
    });
    const results = await Promise.all([1, 2, 3, 4].map((n) => outcome(pool.submit((x: number) => x, n))));
    for (const result of results) console.log("error" in result ? (result.error as Error).name : "?");
    await pool.shutdown();
  },
  async hangs() {
    const started = channel<number>();
    const pool = new InterpreterPoolExecutor({
      maxWorkers: 1,
      initializer: (queue: typeof started) => {
        queue.putSync(1);
        for (;;);
      },
      initargs: [started],
    });
    const future = pool.submit(() => 1);
    await started.get();
    await pool.terminateWorkers();
    console.log(future.cancelled() ? "cancelled" : "?");
    try {
      pool.submit(() => 1);
    } catch (error) {
      console.log((error as InterpreterError).code);
    }
  },
};

await scenarios[process.argv[2]]();
