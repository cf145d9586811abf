/** Futures: waiting for them, cancelling them, observing them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CancelledError, Future, InterpreterError, InterpreterPoolExecutor } from "interpreters";
import { busyPool, channel, outcome, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === "TimeoutError";

test("a task's result is what its function returns, awaited", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit((a: number, b: number) => a + b, 20, 22);
  assert.ok(future instanceof Future);
  assert.equal(await future, 42);
  assert.equal(
    await pool.submit(async (word: string) => await Promise.resolve(word.toUpperCase()), "later"),
    "LATER",
  );
  assert.equal(await pool.submit(() => undefined), undefined);
  assert.deepEqual(await pool.submit(() => new Map([["k", [new Date(5)]]])), new Map([["k", [new Date(5)]]]));
});

test("awaiting a future again gives the same value", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit(() => ({ made: "once" }));
  const first = await future;
  assert.equal(await future, first);
  assert.equal(await future.result(), first);
  assert.equal(future.resultSync(), first);
});

test("a future works wherever a promise does: all, race, catch, finally", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const numbers = [1, 2, 3].map((n) => pool.submit((x: number) => x * 10, n));
  assert.deepEqual(await Promise.all(numbers), [10, 20, 30]);
  assert.equal(await Promise.race([pool.submit(() => "one"), new Promise(() => {})]), "one");
  const failing = pool.submit((): string => {
    throw new RangeError("too far");
  });
  assert.equal(await failing.catch((error: unknown) => (error as Error).message), "too far");
  let finals = 0;
  assert.equal(await pool.submit(() => 5).finally(() => void finals++), 5);
  assert.equal(
    await failing.finally(() => void finals++).then(undefined, () => "still failed"),
    "still failed",
  );
  assert.equal(finals, 2);
});

test("a task that waits in line is taken back by cancel and never runs", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const ran = channel<string>();
  const mark = (queue: typeof ran, name: string): void => queue.putSync(name);
  const [first, cancelled, last] = ["first", "cancelled", "last"].map((name) => pool.submit(mark, ran, name));
  assert.equal(cancelled.running(), false);
  assert.equal(cancelled.cancelled(), false);
  assert.equal(cancelled.cancel(), true);
  assert.equal(cancelled.cancelled(), true);
  assert.equal(cancelled.done(), true);
  assert.equal(cancelled.running(), false);
  assert.equal(cancelled.cancel(), true, "again");
  gate.open();
  await Promise.all([busy[0], first, last]);
  assert.deepEqual([ran.getNowait(), ran.getNowait(), ran.qsize()], ["first", "last", 0]);
  await pool.shutdown();
});

test("whoever looks at a cancelled future gets a CancelledError", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const future = pool.submit(() => "never");
  const waiting = outcome(future);
  const asking = [outcome(future.result()), outcome(future.exception())];
  assert.equal(future.cancel(), true);
  for (const result of [await waiting, ...(await Promise.all(asking)), await outcome(future)]) {
    assert.ok(
      "error" in result && result.error instanceof CancelledError && result.error instanceof InterpreterError,
    );
    assert.equal(result.error.code, "ERR_CANCELLED");
  }
  assert.throws(() => future.resultSync(), CancelledError);
  gate.open();
  await busy[0];
  await pool.shutdown();
});

test("a task that runs, or has run, cannot be cancelled", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  assert.equal(busy[0].running(), true);
  assert.equal(busy[0].done(), false);
  assert.equal(busy[0].cancel(), false);
  assert.equal(busy[0].cancelled(), false);
  gate.open();
  assert.equal(await busy[0], "passed");
  assert.equal(busy[0].running(), false);
  assert.equal(busy[0].done(), true);
  assert.equal(busy[0].cancel(), false);
  assert.equal(busy[0].cancelled(), false);
  await pool.shutdown();
});

test("a result that is not there in time is a TimeoutError, and the task goes on", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const [future] = busy;
  for (const timeout of [0, 1, 5]) {
    assert.ok(isTimeout(await rejection(future.result(timeout))), `result(${timeout})`);
    assert.ok(isTimeout(await rejection(future.exception(timeout))), `exception(${timeout})`);
    assert.throws(() => future.resultSync(timeout), isTimeout, `resultSync(${timeout})`);
  }
  assert.equal(future.running(), true);
  gate.open();
  assert.equal(future.resultSync(WATCHDOG), "passed");
  assert.equal(await future.result(0), "passed");
  assert.equal(future.resultSync(0), "passed");
  assert.equal(await future.exception(0), undefined);
  await pool.shutdown();
});

test("a time limit that is none is refused", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit(() => 1);
  for (const [bad, type] of [
    ["1", TypeError],
    [NaN, TypeError],
    [null, TypeError],
    [-1, RangeError],
  ] as const) {
    const timeout = bad as number;
    assert.ok((await rejection(future.result(timeout))) instanceof type, `result(${bad})`);
    assert.ok((await rejection(future.exception(timeout))) instanceof type, `exception(${bad})`);
    assert.throws(() => future.resultSync(timeout), type, `resultSync(${bad})`);
  }
  assert.equal(await future.result(Infinity), 1);
});

test("resultSync blocks until tasks are done, in whatever order it asks", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const futures = Array.from({ length: 20 }, (_, n) => pool.submit((x: number) => x * x, n));
  for (let n = 19; n >= 0; n--) assert.equal(futures[n].resultSync(), n * n);
  const failing = pool.submit(() => {
    throw new SyntaxError("as thrown");
  });
  assert.throws(() => failing.resultSync(), { name: "SyntaxError", message: "as thrown" });
});

test("exception gives what the task threw, or undefined when it returned", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const failing = pool.submit(() => {
    throw new TypeError("no such thing");
  });
  const error = await failing.exception();
  assert.ok(error instanceof TypeError);
  assert.equal(error.message, "no such thing");
  assert.equal(await rejection(failing), error, "the very same object");
  assert.equal(await pool.submit(() => new Error("returned")).exception(), undefined);
});

test("done callbacks are called once each with the future, in order, however it ends", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const calls: string[] = [];
  const returning = pool.submit(() => "value");
  const failing = pool.submit(() => {
    throw new Error("failed");
  });
  const cancelled = pool.submit(() => "never");
  for (const [name, future] of Object.entries({ returning, failing, cancelled })) {
    for (const i of [1, 2]) {
      future.addDoneCallback((given) => {
        assert.equal(given, future);
        assert.equal(given.done(), true);
        calls.push(`${name} ${i}`);
      });
    }
  }
  const failed = rejection(failing);
  cancelled.cancel();
  assert.deepEqual(calls, [], "never before the one who settled it has returned");
  gate.open();
  await Promise.all([busy[0], returning, failed]);
  await until(() => calls.length >= 6);
  assert.deepEqual(calls, [
    "cancelled 1",
    "cancelled 2",
    "returning 1",
    "returning 2",
    "failing 1",
    "failing 2",
  ]);
  await new Promise<void>((resolve) => returning.addDoneCallback(() => resolve()));
  assert.equal(calls.length, 6);
  assert.throws(() => returning.addDoneCallback("fn" as never), TypeError);
  await pool.shutdown();
});

test("a callback that looks at the exception is looking at the failure", limits, async (t) => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const unhandled = t.mock.fn();
  process.on("unhandledRejection", unhandled);
  t.after(() => process.off("unhandledRejection", unhandled));
  const seen = new Promise<unknown>((resolve, reject) => {
    const future = pool.submit(() => {
      throw new Error("seen");
    });
    future.addDoneCallback((given) => void given.exception().then(resolve, reject));
  });
  assert.equal(((await seen) as Error).message, "seen");
  // Unhandled rejections are reported once all microtasks have run; this is later.
  await pool.submit(() => 0);
  assert.equal(unhandled.mock.callCount(), 0);
});
