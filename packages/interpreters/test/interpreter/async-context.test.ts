/** The asynchronous context of one operation is not that of others: neither what it holds nor what it shows. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test } from "node:test";
import { create, createQueue, InterpreterPoolExecutor } from "interpreters";
import { gc as collect } from "../support/garbage.js";
import { until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const storage = new AsyncLocalStorage<unknown>();

test("a sink is called in the context of create()", limits, async () => {
  const seen: unknown[] = [];
  const sink = { write: () => void seen.push(storage.getStore()) };
  const interp = storage.run("creator", () => create({ stdout: sink }));
  await storage.run("caller", () => interp.exec("console.log('a')"));
  await interp.exec("console.log('b')");
  storage.run("blocking", () => interp.execSync("console.log('c')"));
  await storage.run("closer", () => interp.close());
  assert.deepEqual(new Set(seen), new Set(["creator"]));
});

test("a subscriber sees the context of no other operation", limits, async () => {
  const seen: unknown[] = [];
  const look = (): void => void seen.push(storage.getStore());
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await pool.submit(() => 0);
  const queue = createQueue();
  const got = storage.run("first", () => queue.get());
  subscribe("interpreters:task:settle", look);
  await storage.run("second", () => pool.submit(() => 1));
  await pool.submit(() => 2);
  unsubscribe("interpreters:task:settle", look);
  queue.putNowait(1);
  await got;
  assert.deepEqual(seen, [undefined, undefined]);
});

test(
  "an operation that is over does not keep its context alive while others are pending",
  limits,
  async () => {
    const interp = create();
    await interp.call(() => 0);
    const queue = createQueue();
    const begin = async (): Promise<WeakRef<object>> => {
      const store = {};
      await storage.run(store, () => interp.call(() => 1));
      return new WeakRef(store);
    };
    // It starts the listening of this thread, which the second one keeps up.
    const first = begin();
    const got = queue.get();
    const store = await first;
    await until(() => {
      collect();
      return store.deref() === undefined;
    });
    queue.putNowait(1);
    await got;
    await interp.close();
  },
);
