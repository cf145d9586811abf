/** What the page does; its outcome is a global. */
import { create, createQueue, fromModule, InterpreterPoolExecutor } from "interpreters";

// Each bundler is told to make a file of that name.
const { double, sum } = fromModule(new URL("./tasks.js", document.baseURI));

async function run() {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const doubled = await Promise.all([1, 2, 3].map((n) => pool.submit(double, n)));
  const interp = create();
  const queue = createQueue();
  const summed = interp.call(sum, queue);
  for (const n of doubled) await queue.put(n);
  queue.shutdown();
  const outcome = `${doubled} ${await summed} ${await interp.call((a, b) => a * b, 6, 7)}`;
  await Promise.all([interp.close(), pool.shutdown()]);
  return outcome;
}

globalThis.outcome = run().catch((error) => String(error?.stack ?? error));
