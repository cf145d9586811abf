/** Pools work with the globals that they found when they were loaded, and call back in the caller's asynchronous context. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { asCompleted, InterpreterPoolExecutor, wait } from "interpreters";
import { busyPool, startScenario, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const scenarios = new URL("./globals.scenarios.js", import.meta.url);

test("a program that replaces globals changes nothing of a pool", limits, async () => {
  const { code, stdout, stderr } = await startScenario(scenarios, "replaced").ended;
  assert.deepEqual([code, stderr], [0, ""]);
  const { calledBack, ...seen } = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(calledBack, true);
  assert.deepEqual(seen, {
    results: [1, 1],
    mapped: [2, 4, 6, 8],
    waits: [1, "TimeoutError", "TimeoutError", "TimeoutError"],
    completed: ["rejected", "fulfilled"],
  });
});

test("done callbacks run in the asynchronous context in which they were added", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const look = (): void => void seen.push(storage.getStore());
  storage.run("first", () => busy[0].addDoneCallback(look));
  busy[0].addDoneCallback(look);
  storage.run("second", () => busy[0].addDoneCallback(look));
  storage.run("the one that ends it", () => gate.open());
  await busy[0];
  await until(() => seen.length === 3);
  storage.run("third", () => busy[0].addDoneCallback(look));
  await until(() => seen.length === 4);
  assert.deepEqual(seen, ["first", undefined, "second", "third"]);
  await pool.shutdown();
});

test("a source, and what waits for futures, runs in the context of the consumer", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const storage = new AsyncLocalStorage<string>();
  const seen = new Set<string | undefined>();
  const look = (): void => void seen.add(storage.getStore());
  function* items(): Generator<number> {
    for (let n = 0; n < 20; n++) {
      look();
      yield n;
    }
  }
  async function* later(): AsyncGenerator<number> {
    for (const n of items()) {
      await new Promise((resolve) => setImmediate(resolve));
      look();
      yield n;
    }
  }
  // The first task starts the listening of this thread, in a context of its own.
  const first = storage.run("another", () => pool.submit(() => 0));
  await storage.run("the consumer", async () => {
    for (const source of [items(), later()]) {
      const transfer = (): [] => {
        look();
        return [];
      };
      for await (const _ of pool.map((n: number) => n, source, { buffersize: 3, transfer })) look();
    }
    await wait([pool.submit(() => 1)]);
    look();
    for await (const _ of asCompleted([first, pool.submit(() => 2)])) look();
    await first.finally(look);
  });
  assert.deepEqual([...seen], ["the consumer"]);
});
