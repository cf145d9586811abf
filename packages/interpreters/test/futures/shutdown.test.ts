/** Ending a pool whose tasks hang: terminateWorkers, the time limits of shutdown, `await using` and `using`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CancelledError,
  type Future,
  InterpreterDiedError,
  InterpreterError,
  InterpreterPoolExecutor,
  type Queue,
} from "interpreters";
import { busyPool, channel, rejection, startScenario, until, WATCHDOG } from "../support/processes.js";
import { createdIds } from "../support/queues.js";

const limits = { timeout: WATCHDOG };
const isShutDown = (error: unknown): boolean =>
  error instanceof InterpreterError && error.code === "ERR_EXECUTOR_SHUTDOWN";

const endless = (): never => {
  for (;;);
};

async function terminated(future: Future<unknown>): Promise<void> {
  const error = await rejection(future);
  assert.ok(error instanceof InterpreterDiedError, String(error));
  assert.equal(error.reason, "terminated");
}

/** Each way to stop all workers at once. */
const ways: Record<string, (pool: InterpreterPoolExecutor) => unknown> = {
  "terminateWorkers()": (pool) => pool.terminateWorkers(),
  "terminateWorkersSync()": (pool) => pool.terminateWorkersSync(),
  "shutdown({ timeout: 0 })": (pool) => pool.shutdown({ timeout: 0 }),
  "shutdown({ timeout: 20, cancelFutures: true })": (pool) =>
    pool.shutdown({ timeout: 20, cancelFutures: true }),
  "shutdown({ timeout: 20 })": (pool) => pool.shutdown({ timeout: 20 }),
  "shutdown({ timeout: 20, wait: false })": (pool) => pool.shutdown({ timeout: 20, wait: false }),
  "shutdownSync({ timeout: 20 })": (pool) => pool.shutdownSync({ timeout: 20 }),
  "shutdownSync({ timeout: 20, wait: false })": (pool) => pool.shutdownSync({ timeout: 20, wait: false }),
  "shutdown(), and then with a timeout": async (pool) => {
    const first = pool.shutdown();
    await pool.shutdown({ timeout: 20 });
    await first;
  },
  "shutdown(), and then terminateWorkers()": async (pool) => {
    const first = pool.shutdown({ timeout: 60_000 });
    await pool.terminateWorkers();
    await first;
  },
  "shutdown(), and then shutdownSync()": (pool) => {
    void pool.shutdown();
    pool.shutdownSync({ timeout: 20 });
  },
};

for (const [way, end] of Object.entries(ways)) {
  test(`${way}: running tasks fail, those in line are cancelled, nothing is left`, limits, async (t) => {
    const unhandled = t.mock.fn();
    process.on("unhandledRejection", unhandled);
    t.after(() => process.off("unhandledRejection", unhandled));
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2, retries: 2 });
    const running = [1, 2].map(() => pool.submit(endless));
    await until(() => running.every((future) => future.running()));
    const inLine = [1, 2, 3].map((n) => pool.submit((x: number) => x, n));
    await end(pool);
    await until(() => running.every((future) => future.done()));
    for (const future of inLine) {
      assert.equal(future.cancelled(), true);
      assert.ok((await rejection(future)) instanceof CancelledError);
    }
    for (const future of running) await terminated(future);
    assert.throws(() => pool.submit(() => 1), isShutDown);
    assert.throws(() => pool.map((n: number) => n, [1]), isShutDown);
    await Promise.all([pool.shutdown(), pool.terminateWorkers()]);
    pool.shutdownSync();
    await until(() => createdIds().length === 0);
    const { completed, failed, cancelled, workers } = pool.stats();
    assert.deepEqual([completed, failed, cancelled, workers], [0, 2, 3, 0]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(unhandled.mock.callCount(), 0);
  });
}

test("the failures of tasks that were stopped are no unhandled rejections", limits, async (t) => {
  const unhandled = t.mock.fn();
  process.on("unhandledRejection", unhandled);
  t.after(() => process.off("unhandledRejection", unhandled));
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit(endless);
  await until(() => future.running());
  await pool.shutdown({ timeout: 5 });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([future.done(), unhandled.mock.callCount()], [true, 0]);
});

test("tasks that end before the timeout end as they would, and it stops nothing", limits, async () => {
  for (const blocking of [false, true]) {
    const { pool, gate, busy } = await busyPool(2);
    const inLine = pool.submit(() => "in line");
    gate.open(2);
    const began = performance.now();
    if (blocking) pool.shutdownSync({ timeout: WATCHDOG });
    else await pool.shutdown({ timeout: WATCHDOG });
    assert.ok(performance.now() - began < WATCHDOG / 2);
    assert.deepEqual(
      [busy[0].resultSync(0), busy[1].resultSync(0), inLine.resultSync(0)],
      ["passed", "passed", "in line"],
    );
    assert.deepEqual(createdIds(), []);
  }
});

test("shutdownSync blocks until all tasks are done, and again does nothing", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const ran = channel<number>();
  const futures = Array.from({ length: 20 }, (_, n) =>
    pool.submit((queue: Queue<number>, x: number) => queue.putSync(x), ran, n),
  );
  pool.shutdownSync();
  assert.ok(futures.every((future) => future.done()));
  assert.equal(ran.qsize(), 20);
  assert.deepEqual(createdIds(), []);
  pool.shutdownSync();
  await pool.shutdown();
  new InterpreterPoolExecutor().shutdownSync();
});

test(
  "shutdownSync with cancelFutures cancels what waits in line and lets finish what runs",
  limits,
  async () => {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const running = pool.submit(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return "passed";
    });
    await until(() => running.running());
    const inLine = pool.submit(() => 1);
    pool.shutdownSync({ cancelFutures: true });
    assert.deepEqual([running.resultSync(0), inLine.cancelled()], ["passed", true]);
  },
);

test(
  "an exception that leaves the block arrives as itself when shutdownTimeout has passed",
  limits,
  async () => {
    const hung: Future<unknown>[] = [];
    const reason = new Error("from the block");
    const asynchronous = async (): Promise<void> => {
      await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, shutdownTimeout: 30 });
      hung.push(pool.submit(endless), pool.submit(endless));
      await until(() => hung[0].running());
      throw reason;
    };
    assert.equal(await rejection(asynchronous()), reason);
    const blocking = (): void => {
      using pool = new InterpreterPoolExecutor({ maxWorkers: 1, shutdownTimeout: 30 });
      hung.push(pool.submit(endless));
      throw reason;
    };
    assert.throws(blocking, reason);
    assert.ok(hung.every((future) => future.done()));
    assert.deepEqual(createdIds(), []);
    // Without a timeout of its own, so does shutdown.
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1, shutdownTimeout: 30 });
    pool.submit(endless);
    await pool.shutdown();
  },
);

test("using waits for the tasks", limits, () => {
  let future: Future<string> | undefined;
  {
    using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    future = pool.submit(() => "finished");
  }
  assert.equal(future.resultSync(0), "finished");
});

test("a worker whose initializer hangs is stopped, without a word", limits, async () => {
  const { code, stdout, stderr } = await startScenario(
    new URL("./init.scenarios.js", import.meta.url),
    "hangs",
  ).ended;
  assert.deepEqual([code, stdout, stderr], [0, "cancelled\nERR_EXECUTOR_SHUTDOWN\n", ""]);
});

test("a worker that is about to end is stopped too", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, maxTasksPerInterpreter: 1, concurrency: 2 });
  await pool.submit(() => 0);
  const running = pool.submit(endless);
  await until(() => running.running());
  await pool.terminateWorkers();
  await terminated(running);
  assert.deepEqual(createdIds(), []);
});

test("tasks that share a worker are all stopped", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 3, retries: 1 });
  const running = [1, 2, 3].map(() => pool.submit(() => new Promise(() => {})));
  await until(() => running.every((future) => future.running()));
  await pool.terminateWorkers();
  for (const future of running) await terminated(future);
});

test("a map whose pool is terminated fails, and closes its source", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  let closed = 0;
  function* source(): Generator<number> {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      closed++;
    }
  }
  const results = pool.map((n: number) => {
    if (n === 1) for (;;);
    return n;
  }, source());
  assert.equal((await results.next()).value, 0);
  const next = rejection(results.next());
  await until(() => pool.stats().running === 1);
  await pool.terminateWorkers();
  assert.ok((await next) instanceof InterpreterDiedError);
  assert.equal(closed, 1);
});

test("options that are none are refused by name", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const bad: [unknown, typeof TypeError | typeof RangeError, RegExp][] = [
    [{ cancelFuture: true }, TypeError, /cancelFuture/],
    [{ Timeout: 5 }, TypeError, /Timeout/],
    [{ wait: "no" }, TypeError, /wait must be a boolean, found 'no'/],
    [{ cancelFutures: 1 }, TypeError, /cancelFutures must be a boolean, found 1/],
    [{ timeout: -1 }, RangeError, /timeout/],
    [{ timeout: "1" }, TypeError, /timeout/],
    [null, TypeError, /options/],
    [5, TypeError, /options/],
  ];
  for (const [options, type, message] of bad) {
    const error = await rejection(pool.shutdown(options as object));
    assert.ok(error instanceof type && message.test(error.message), String(error));
    assert.throws(
      () => pool.shutdownSync(options as object),
      (error) =>
        error instanceof type && message.test(error.message) && error.message.startsWith("shutdownSync"),
    );
  }
  assert.equal(await pool.submit(() => 1), 1, "a refused shutdown shuts nothing down");
  assert.throws(() => new InterpreterPoolExecutor({ shutdownTimeout: -1 }), RangeError);
  assert.throws(() => new InterpreterPoolExecutor({ shutdownTimeout: "1" as never }), TypeError);
  await pool.shutdown();
});

test("exceptionSync blocks, and gives the exception, undefined, or a TimeoutError", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  assert.throws(() => busy[0].exceptionSync(1), { name: "TimeoutError" });
  assert.throws(() => busy[0].exceptionSync(-1), RangeError);
  const failing = pool.submit(() => {
    throw new RangeError("thrown");
  });
  const cancelled = pool.submit(() => 1);
  cancelled.cancel();
  gate.open();
  assert.equal(busy[0].exceptionSync(), undefined);
  const error = failing.exceptionSync();
  assert.ok(error instanceof RangeError && error.message === "thrown");
  assert.equal(await rejection(failing), error);
  assert.throws(() => cancelled.exceptionSync(), CancelledError);
  await pool.shutdown();
});
