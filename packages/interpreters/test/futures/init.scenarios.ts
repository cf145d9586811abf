/** Pools that break, each in a process of its own, so that a test can read what is printed. */
import { InterpreterPoolExecutor } from "interpreters";
import { outcome } from "../support/processes.js";

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
};

await scenarios[process.argv[2]]();
