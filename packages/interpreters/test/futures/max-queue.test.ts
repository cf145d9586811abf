/** Pools with `maxQueue`: what `submit` refuses, `room`, and `map`. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import {
  BrokenInterpreterPool,
  type Future,
  InterpreterError,
  InterpreterPoolExecutor,
  QueueFull,
} from "interpreters";
import { busyPool, outcome, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === "TimeoutError";
const isShutDown = (error: unknown): boolean =>
  error instanceof InterpreterError && error.code === "ERR_EXECUTOR_SHUTDOWN";

test("beyond maxQueue, submit rejects with QueueFull, and nothing is put in line", limits, async () => {
  for (const maxQueue of [0, 1, 3]) {
    const { pool, gate, busy } = await busyPool(2, { maxQueue });
    const inLine = Array.from({ length: maxQueue }, (_, n) => pool.submit((x: number) => x, n));
    const argument = {
      get never(): never {
        throw new Error("it is not even encoded");
      },
    };
    const refused = pool.submit((x: unknown) => x, argument);
    const error = await rejection(refused);
    assert.ok(error instanceof QueueFull);
    assert.match(error.message, new RegExp(`${2 + maxQueue} that are not done`));
    assert.match(error.stack ?? "", /max-queue\.test\.js/, "the stack leads to the submit");
    assert.doesNotMatch(error.stack ?? "", /src\/futures\//);
    assert.deepEqual([refused.done(), refused.cancelled(), refused.cancel()], [true, false, false]);
    assert.ok((await rejection(pool.with({ priority: 2 }).submit(() => 1))) instanceof QueueFull);
    const { queued, failed } = pool.stats();
    assert.deepEqual([queued, failed], [maxQueue, 0]);
    gate.open(2);
    assert.deepEqual(await Promise.all(inLine), [...inLine.keys()]);
    await Promise.all(busy);
    assert.equal(await pool.submit(() => "again"), "again");
    await pool.shutdown();
  }
});

test("with concurrency, each worker's tasks count", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2, concurrency: 3, maxQueue: 1 });
  const futures = Array.from({ length: 8 }, () => outcome(pool.submit(() => new Promise(() => {}))));
  const last = (await futures[7]) as { error: unknown };
  assert.ok(last.error instanceof QueueFull);
  assert.equal(pool.stats().queued + pool.stats().running, 7);
  await pool.terminateWorkers();
});

test(
  "a getter that submits tasks while arguments are encoded does not get past the limit",
  limits,
  async () => {
    const { pool, gate } = await busyPool(1, { maxQueue: 1 });
    let inner: Future<number> | undefined;
    const argument = {
      get submitting(): number {
        inner = pool.submit(() => 1);
        return 2;
      },
    };
    assert.ok((await rejection(pool.submit((x: unknown) => x, argument))) instanceof QueueFull);
    gate.open();
    assert.equal(await inner, 1);
    await pool.shutdown();
  },
);

test("room resolves at once, or when there is room, in order", limits, async () => {
  const { pool, gate, busy } = await busyPool(1, { maxQueue: 1 });
  await pool.room();
  pool.roomSync();
  const inLine = pool.submit(() => "in line");
  const order: number[] = [];
  const futures: Future<number>[] = [];
  const all = [1, 2, 3, 4].map(async (n) => {
    await pool.room();
    order.push(n);
    futures.push(pool.submit((x: number) => x, n));
  });
  assert.deepEqual(order, []);
  gate.open();
  await Promise.all(all);
  assert.deepEqual(order, [1, 2, 3, 4]);
  assert.deepEqual(await Promise.all(futures), [1, 2, 3, 4], "none was refused");
  assert.deepEqual([await busy[0], await inLine], ["passed", "in line"]);
  await pool.shutdown();
});

test(
  "of many that ask for room at once, none is told of a place that another was told of",
  limits,
  async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 2, maxQueue: 3 });
    const results = Array.from({ length: 100 }, async (_, n) => {
      await pool.room();
      return await pool.submit((x: number) => x, n);
    });
    assert.deepEqual(await Promise.all(results), [...results.keys()], "none was refused");
  },
);

test("a place that a waiter does not use goes to the next", limits, async () => {
  const { pool, gate } = await busyPool(1, { maxQueue: 0 });
  const waiting = Array.from({ length: 20 }, () => pool.room());
  gate.open();
  await Promise.all(waiting);
  await pool.shutdown();
});

test("an unlimited pool has always room", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const futures = Array.from({ length: 1000 }, () => pool.submit(() => 0));
  await pool.room({ timeout: 0 });
  pool.roomSync({ timeout: 0 });
  await Promise.all(futures);
  assert.throws(() => new InterpreterPoolExecutor({ maxQueue: -1 }), RangeError);
  assert.throws(() => new InterpreterPoolExecutor({ maxQueue: 1.5 }), TypeError);
  await new InterpreterPoolExecutor({ maxQueue: Infinity }).shutdown();
});

test("a wait for room ends with its timeout, its signal, or the pool", limits, async (t) => {
  t.mock.method(process.stderr, "write", () => true);
  const { pool, gate, busy } = await busyPool(1, { maxQueue: 0 });
  for (const timeout of [0, 1, 5]) {
    assert.ok(isTimeout(await rejection(pool.room({ timeout }))));
    assert.throws(() => pool.roomSync({ timeout }), isTimeout);
  }
  const controller = new AbortController();
  const reason = new Error("enough");
  const aborted = outcome(pool.room({ signal: controller.signal }));
  controller.abort(reason);
  assert.deepEqual(await aborted, { error: reason });
  assert.equal(await rejection(pool.room({ signal: controller.signal })), reason);
  assert.throws(() => pool.roomSync({ signal: controller.signal }), reason);
  for (const [options, message] of [
    [{ time: 1 }, /time/],
    [{ timeout: "1" }, /timeout/],
    [{ signal: {} }, /signal/],
  ] as const) {
    const error = await rejection(pool.room(options as object));
    assert.ok(error instanceof TypeError && message.test(error.message));
    assert.throws(() => pool.roomSync(options as object), TypeError);
  }
  const waiting = [rejection(pool.room()), rejection(pool.room())];
  const ended = pool.shutdown();
  for (const error of await Promise.all(waiting)) assert.ok(isShutDown(error));
  assert.ok(isShutDown(await rejection(pool.room())));
  assert.throws(() => pool.roomSync(), isShutDown);
  gate.open();
  await Promise.all([busy[0], ended]);

  const broken = new InterpreterPoolExecutor({
    maxWorkers: 1,
    maxQueue: 0,
    initializer: () => {
      throw new Error("no");
    },
  });
  const task = rejection(broken.submit(() => 1));
  assert.ok((await rejection(broken.room())) instanceof BrokenInterpreterPool);
  assert.ok((await task) instanceof BrokenInterpreterPool);
  await broken.shutdown();
});

test("roomSync blocks until there is room", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, maxQueue: 0 });
  const futures: Future<number>[] = [];
  for (let n = 0; n < 5; n++) {
    pool.roomSync({ timeout: WATCHDOG });
    futures.push(pool.submit((x: number) => x, n));
  }
  assert.deepEqual(
    futures.map((future) => future.resultSync()),
    [0, 1, 2, 3, 4],
  );
  pool.shutdownSync();
});

test("map waits for room, also behind other tasks, and in the context of its consumer", limits, async () => {
  const storage = new AsyncLocalStorage<string>();
  for (const options of [{}, { ordered: false }, { chunksize: 4 }, { chunksize: "auto" as const }]) {
    for (const kind of ["sync", "async"]) {
      const { pool, gate, busy } = await busyPool(1, { maxQueue: 0 });
      const seen = new Set<string | undefined>();
      const items = Array.from({ length: 50 }, (_, n) => ({
        get n() {
          seen.add(storage.getStore());
          return n;
        },
      }));
      async function* later(): AsyncGenerator<{ n: number }> {
        for (const item of items) {
          await Promise.resolve();
          yield item;
        }
      }
      const results: number[] = [];
      const mapped = storage.run("the consumer", async () => {
        const source = kind === "sync" ? items : later();
        for await (const n of pool.map((item: { n: number }) => item.n, source, options)) results.push(n);
      });
      await until(() => pool.stats().running === 1);
      gate.open();
      await Promise.all([busy[0], mapped]);
      assert.deepEqual(
        results.sort((a, b) => a - b),
        [...items.keys()],
      );
      assert.deepEqual([...seen], ["the consumer"]);
      await pool.shutdown();
    }
  }
});

test("a map that waits for room ends with its loop, its timeout, or the pool", limits, async () => {
  const { pool, gate, busy } = await busyPool(1, { maxQueue: 0 });
  const double = (n: number): number => n * 2;
  assert.ok(isTimeout(await rejection(pool.map(double, [1], { timeout: 5 }).next())));
  const waiting = rejection(pool.map(double, [1]).next());
  await Promise.resolve();
  const ended = pool.shutdown();
  assert.ok(isShutDown(await waiting));
  gate.open();
  await Promise.all([busy[0], ended]);
});
