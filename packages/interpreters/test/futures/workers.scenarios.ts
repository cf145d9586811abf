/** Pools that the program leaves alone, each in a process of its own. */
import { InterpreterPoolExecutor } from "interpreters";

const scenarios: Record<string, () => Promise<void>> = {
  async idle() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2, minWorkers: 1, idleTimeout: 3_600_000 });
    await Promise.all([pool.submit(() => 1), pool.submit(() => 2)]);
    console.log("done");
  },
};

await scenarios[process.argv[2]]();
