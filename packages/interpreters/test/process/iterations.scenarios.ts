/** Programs with an iteration that does not come to its end. */
import { create, InterpreterPoolExecutor } from "interpreters";

function* endless(): Generator<number> {
  for (let n = 1; ; n++) yield n;
}

/** Kept reachable to the end of the process. */
const kept: unknown[] = [];

const scenarios: Record<string, () => Promise<void>> = {
  async interpreter() {
    const iteration = create().iterate(endless);
    kept.push(iteration);
    console.log((await iteration.next()).value);
  },
  async pool() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const iteration = pool.iterate(endless);
    kept.push(pool, iteration);
    console.log((await iteration.next()).value);
    // A task keeps the process alive, and then no longer.
    console.log(await pool.submit(async () => await new Promise((resolve) => setTimeout(resolve, 20, 2))));
  },
  async waiting() {
    const iteration = create().iterate(async function* () {
      await new Promise((resolve) => setTimeout(resolve, 20));
      yield 1;
    });
    console.log((await iteration.next()).value, (await iteration.next()).done);
  },
};
await scenarios[process.argv[2]]();
