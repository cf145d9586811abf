/** Failures that no code observes, and what the process does then; each scenario in a process of its own. */
import { InterpreterPoolExecutor, wait } from "interpreters";
import { Gate } from "../support/processes.js";

const scenarios: Record<string, () => Promise<void>> = {
  async failsAfterTheWait() {
    process.once("unhandledRejection", (error) => console.log(`unhandled: ${(error as Error).message}`));
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const gate = new Gate();
    const late = pool.submit((queue: typeof gate.queue) => {
      queue.getSync();
      throw new Error("late");
    }, gate.queue);
    if ((await wait([late], { timeout: 1 })).notDone.has(late)) console.log("not done");
    gate.open();
    await pool.shutdown();
  },
};

await scenarios[process.argv[2]]();
