/** Runs code in a worker thread while this thread is blocked, as it is while it waits for an interpreter. */

import { Worker } from "node:worker_threads";

const source = (name: string): string =>
  new URL(`../../src/guests/javascript/${name}.js`, import.meta.url).href;

const bytes = 1 << 16;

/**
 * Runs the body of an async function, which can use `load`, `describeFailure`, `installStdio` and `data`. Returns its
 * result, which comes through shared memory, since nothing else reaches a blocked thread.
 */
export function runWhileBlocked(body: string, data?: unknown): unknown {
  const shared = new SharedArrayBuffer(bytes);
  const state = new Int32Array(shared, 0, 2);
  const worker = new Worker(
    `const { workerData: { shared, data, names } } = require("node:worker_threads");
     const state = new Int32Array(shared, 0, 2);
     (async () => {
       const [{ load }, { describeFailure }, { installStdio }] = await Promise.all(names.map((name) => import(name)));
       return await (async () => { ${body} })();
     })().then((value) => ({ value }), (error) => ({ error: String(error?.stack ?? error) })).then((result) => {
       const text = Buffer.from(JSON.stringify(result));
       new Uint8Array(shared, 8).set(text);
       state[1] = text.length;
       Atomics.store(state, 0, 1);
       Atomics.notify(state, 0);
     });`,
    {
      eval: true,
      execArgv: [],
      workerData: { shared, data, names: ["load", "failure", "stdio"].map(source) },
    },
  );
  worker.unref();
  if (Atomics.wait(state, 0, 0, 60_000) === "timed-out")
    throw new Error("the thread did not end while this one was blocked");
  const text = Buffer.from(new Uint8Array(shared, 8, state[1])).toString();
  void worker.terminate();
  const result = JSON.parse(text) as { value?: unknown; error?: string };
  if (result.error !== undefined) throw new Error(result.error);
  return result.value;
}
