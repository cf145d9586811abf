/** Programs that globals.test.ts runs, each in its own process: `node globals.scenarios.js <name>`. */
import { asCompleted, type Future, InterpreterPoolExecutor, wait } from "interpreters";
import { Gate } from "../support/processes.js";

/** As it was before a scenario replaces it: for the scenario's own use. */
const { setImmediate } = globalThis;

/** Replaces globals as fake timers and polyfills do, but by functions that do nothing useful at all. */
function replaceGlobals(): () => void {
  const broken = (): never => {
    throw new Error("a replaced global was used");
  };
  const silent = (): undefined => undefined;
  const replaced = {
    queueMicrotask: silent,
    setTimeout: silent,
    setInterval: silent,
    setImmediate: silent,
    clearTimeout: silent,
    structuredClone: broken,
    Promise: broken,
    DOMException: broken,
    performance: { now: broken },
    Date: broken,
  };
  const originals = Object.getOwnPropertyDescriptors(globalThis);
  for (const [name, value] of Object.entries(replaced)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const { random } = Math;
  Math.random = broken;
  return () => {
    Math.random = random;
    for (const name of Object.keys(replaced)) {
      Object.defineProperty(globalThis, name, originals[name as never]);
    }
  };
}

const nameOf = (error: unknown): string => (error as Error).name;

async function* later(): AsyncGenerator<number> {
  yield 3;
  yield 4;
}

const scenarios: Record<string, () => Promise<void>> = {
  async replaced() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    await pool.submit(() => 0);
    const restore = replaceGlobals();
    let calledBack = false;
    const other = new InterpreterPoolExecutor({ maxWorkers: 1, idleTimeout: 60_000 });
    const future = other.submit((n: number) => n, 1);
    future.addDoneCallback((done: Future<number>) => void (calledBack = done.done()));
    const results = [await future, await future.result(60_000)];
    const mapped: number[] = [];
    for (const items of [[1, 2], later()]) {
      for await (const n of pool.map((n: number) => n * 2, items, { timeout: 60_000 })) mapped.push(n);
    }
    const gate = new Gate();
    const waiting = pool.submit((queue: typeof gate.queue) => queue.getSync(), gate.queue);
    const options = { timeout: 1 };
    const source = { [Symbol.asyncIterator]: () => ({ next: () => waiting as never }) };
    const waits = [
      (await wait([waiting], options)).notDone.size,
      await waiting.result(1).catch(nameOf),
      await asCompleted([waiting], options).next().catch(nameOf),
      await pool
        .map(() => 0, source, options)
        .next()
        .catch(nameOf),
    ];
    const completed: string[] = [];
    const limited = pool.with({ timeout: 50 }).submit(() => {
      for (;;);
    });
    for await (const { status } of asCompleted([waiting, limited])) {
      completed.push(status);
      gate.open();
    }
    restore();
    console.log(JSON.stringify({ calledBack, results, mapped, waits, completed }));
    await pool.shutdown();
    await other.shutdown();
  },
};

// The process must not end because nothing but a promise is pending.
const turn = (): void => void setImmediate(turn);
turn();
await scenarios[process.argv[2]]();
process.exit();
