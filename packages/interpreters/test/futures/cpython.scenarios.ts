/** What happens to tasks when the program ends; each scenario in a process of its own. */
import { createQueue, InterpreterPoolExecutor } from "interpreters";

const scenarios: Record<string, () => unknown> = {
  /** The program ends while a task runs that has no waiter. */
  neverShutDown() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 5 });
    pool.submit(apple);
  },
  async shutDownWithoutWaiting() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 3 });
    pool.submit(apple);
    await pool.shutdown({ wait: false });
  },
  /** Tasks in line are cancelled, the running one may end. */
  async shutDownAndCancel() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    // The first task waits at a gate: on a busy machine it could otherwise end before this thread sees it run.
    const gate = createQueue<string>();
    const first = pool.submit(async (gate) => console.log(await gate.get()), gate);
    while (!first.running()) await new Promise((resolve) => setImmediate(resolve));
    pool.submit(apple);
    await pool.shutdown({ wait: false, cancelFutures: true });
    gate.putNowait("apple");
  },
};

async function apple(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log("apple");
}

await scenarios[process.argv[2]]();
