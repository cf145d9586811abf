/** A program that uses most of what the package gives. It prints one line for each. */
import {
  create,
  createQueue,
  fromModule,
  InterpreterPoolExecutor,
  Lock,
  onGet,
  select,
  Semaphore,
} from "interpreters";

/** `work` is the URL of work.js, wherever the bundler has put it. */
export async function run(work) {
  const interp = create();
  console.log("call", await interp.call((a, b) => a + b, 1, 2));

  const queue = createQueue();
  await interp.call((to) => to.put("item"), queue);
  console.log("queue", await queue.get());

  await interp.exec("import { sep } from 'node:path'; const answer = await Promise.resolve(sep.length * 42)");
  console.log("exec", await interp.call(() => globalThis.answer));

  const lock = new Lock();
  const held = await lock.acquire();
  const second = interp.call((wanted) => wanted.acquire().then((mine) => mine.release()), lock);
  held.release();
  await second;
  const permits = new Semaphore(1);
  const other = createQueue();
  const first = select({ queue: onGet(queue), other: onGet(other) });
  await interp.call((to) => to.put("selected"), other);
  console.log("coordination", (await first).value, (await permits.acquire()) !== undefined);

  const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const squares = [];
  for await (const square of pool.map((n) => n * n, [1, 2, 3])) squares.push(square);
  console.log("pool", ...squares);

  const { double } = fromModule(work);
  console.log("module", await pool.submit(double, 21));

  const failure = await interp
    .call(() => {
      throw new RangeError("out there");
    })
    .catch((error) => error);
  console.log("failure", failure.name, failure.cause.name, failure.cause.message);
  await pool.shutdown();
  await interp.close();
}
