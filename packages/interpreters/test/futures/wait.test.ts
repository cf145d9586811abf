/** Waiting for several futures: `wait` in both forms, `asCompleted`. CPython: test_wait.py, test_as_completed.py. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asCompleted,
  CancelledError,
  type DoneAndNotDone,
  type Future,
  InterpreterPoolExecutor,
  type ReturnWhen,
  wait,
  waitSync,
} from "interpreters";
import { busyPool, Gate, outcome, rejection, startScenario, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === "TimeoutError";

type Wait = <F extends Future<unknown>>(
  futures: Iterable<F>,
  options?: { timeout?: number; returnWhen?: ReturnWhen },
) => DoneAndNotDone<F> | Promise<DoneAndNotDone<F>>;

/** Each way to wait. They all behave the same. */
const ways: Record<string, Wait> = { wait, waitSync };

/** A pool whose only worker waits at a gate, and tasks in line that each need a permit of the gate. */
async function inLine(count: number): Promise<{
  pool: InterpreterPoolExecutor;
  gate: Gate;
  futures: Future<number>[];
}> {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const gate = new Gate();
  const futures = Array.from({ length: count }, (_, n) =>
    pool.submit(
      (queue: typeof gate.queue, x: number) => {
        queue.getSync();
        return x;
      },
      gate.queue,
      n,
    ),
  );
  await until(() => futures[0].running());
  return { pool, gate, futures };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

for (const [name, waitFor] of Object.entries(ways)) {
  test(`${name}: ALL_COMPLETED, the default, waits for all`, limits, async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const futures = [1, 2, 3, 4].map((n) => pool.submit((x: number) => x, n));
    const { done, notDone } = await waitFor(futures);
    assert.deepEqual([...done], futures, "in the order given");
    assert.equal(notDone.size, 0);
    assert.deepEqual(await waitFor(futures, { returnWhen: "ALL_COMPLETED" }), { done, notDone }, "again");
  });

  test(`${name}: FIRST_COMPLETED waits for one`, limits, async () => {
    const { pool, gate, futures } = await inLine(3);
    gate.open();
    const { done, notDone } = await waitFor(futures, { returnWhen: "FIRST_COMPLETED" });
    assert.deepEqual([...done], [futures[0]]);
    assert.deepEqual([...notDone], futures.slice(1));
    // One future that is done already is enough.
    const again = await waitFor(futures, { returnWhen: "FIRST_COMPLETED" });
    assert.deepEqual([...again.done], [futures[0]]);
    gate.open(2);
    await pool.shutdown();
  });

  test(`${name}: FIRST_EXCEPTION waits for one that failed`, limits, async () => {
    const { pool, gate, futures } = await inLine(1);
    const failing = pool.submit(() => {
      throw new RangeError("first");
    });
    const last = pool.submit((queue: typeof gate.queue) => queue.getSync(), gate.queue);
    gate.open();
    const { done, notDone } = await waitFor([...futures, failing, last], { returnWhen: "FIRST_EXCEPTION" });
    assert.deepEqual([...done], [futures[0], failing]);
    assert.deepEqual([...notDone], [last]);
    const again = await waitFor([last, failing], { returnWhen: "FIRST_EXCEPTION" });
    assert.deepEqual([...again.done], [failing], "one that failed already is enough");
    gate.open();
    await pool.shutdown();
  });

  test(
    `${name}: FIRST_EXCEPTION waits for all where none fails; cancelling is no failure`,
    limits,
    async () => {
      const { pool, gate, futures } = await inLine(3);
      futures[1].cancel();
      gate.open(2);
      const { done, notDone } = await waitFor(futures, { returnWhen: "FIRST_EXCEPTION" });
      assert.deepEqual([...done], futures);
      assert.equal(notDone.size, 0);
      await pool.shutdown();
    },
  );

  test(`${name}: a cancelled future is done`, limits, async () => {
    const { pool, gate, futures } = await inLine(2);
    assert.equal(futures[1].cancel(), true);
    const { done, notDone } = await waitFor(futures, { returnWhen: "FIRST_COMPLETED" });
    assert.deepEqual([...done], [futures[1]]);
    assert.deepEqual([...notDone], [futures[0]]);
    gate.open();
    await pool.shutdown();
  });

  test(`${name}: a timeout ends the wait without an error, and leaves nothing behind`, limits, async () => {
    const { pool, gate, futures } = await inLine(2);
    for (const timeout of [0, 1, 5]) {
      const { done, notDone } = await waitFor(futures, { timeout });
      assert.equal(done.size, 0, `timeout ${timeout}`);
      assert.deepEqual([...notDone], futures);
      assert.deepEqual(
        futures.map((future) => future.listeners),
        [0, 0],
      );
    }
    gate.open();
    await futures[0];
    const { done } = await waitFor(futures, { timeout: 0 });
    assert.deepEqual([...done], [futures[0]]);
    gate.open();
    await pool.shutdown();
  });

  test(`${name}: futures of any iterable, of several pools, and given twice`, limits, async () => {
    await using one = new InterpreterPoolExecutor({ maxWorkers: 1 });
    await using other = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const [a, b] = [one.submit(() => "a"), other.submit(() => 2)];
    function* source(): Generator<Future<string> | Future<number>> {
      yield a;
      yield b;
      yield a;
    }
    for (const given of [source(), new Set([a, b, a]), [a, b, a], new Map([[a, b]]).keys()]) {
      const { done, notDone } = await waitFor(given);
      assert.equal(notDone.size, 0);
      assert.ok(done.has(a));
      assert.ok(done.size <= 2);
    }
    assert.deepEqual(await waitFor([]), { done: new Set(), notDone: new Set() }, "of none at once");
    for (const returnWhen of ["FIRST_COMPLETED", "FIRST_EXCEPTION"] as const)
      assert.equal((await waitFor([], { returnWhen })).done.size, 0);
  });

  test(`${name}: whoever waited has looked at the failures`, limits, async (t) => {
    const unhandled = t.mock.fn();
    process.on("unhandledRejection", unhandled);
    t.after(() => process.off("unhandledRejection", unhandled));
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const failing = [1, 2].map((n) =>
      pool.submit((x: number) => {
        throw new Error(`failed ${x}`);
      }, n),
    );
    const { done } = await waitFor([...failing, pool.submit(() => "last")]);
    assert.equal(done.size, 3);
    await pool.submit(() => 0);
    assert.equal(unhandled.mock.callCount(), 0);
  });

  test(`${name}: bad input is refused`, limits, async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const future = pool.submit(() => 1);
    const bad: [unknown, unknown, typeof TypeError | typeof RangeError, RegExp][] = [
      [future, {}, TypeError, /expected an iterable of futures/],
      [undefined, {}, TypeError, /expected an iterable of futures/],
      [null, {}, TypeError, /expected an iterable of futures/],
      [[future, Promise.resolve(1)], {}, TypeError, /futures\[1\] is not a Future/],
      [[future, future, 7], {}, TypeError, /futures\[2\] is not a Future, found 7/],
      [[future], { timeout: "1" }, TypeError, /timeout/],
      [[future], { timeout: -1 }, RangeError, /timeout/],
      [[future], { returnWhen: "ALL" }, TypeError, /ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION/],
      [[future], { timeOut: 1 }, TypeError, /timeOut/],
      [[future], null, TypeError, /options/],
    ];
    for (const [futures, options, type, message] of bad) {
      const error = await rejection(
        (async () => await waitFor(futures as Future<number>[], options as { timeout: number }))(),
      );
      assert.ok(error instanceof type && message.test(error.message), String(error));
    }
    await future;
  });
}

test("wait: a signal ends it with its reason, and leaves nothing behind", limits, async () => {
  const { pool, gate, futures } = await inLine(2);
  const controller = new AbortController();
  const waiting = outcome(wait(futures, { signal: controller.signal }));
  const reason = new Error("enough");
  controller.abort(reason);
  assert.deepEqual(await waiting, { error: reason });
  assert.deepEqual(
    futures.map((future) => future.listeners),
    [0, 0],
  );
  assert.equal(await rejection(wait(futures, { signal: controller.signal })), reason, "aborted before");
  assert.ok((await rejection(wait(futures, { signal: {} as AbortSignal }))) instanceof TypeError);
  gate.open(2);
  await pool.shutdown();
});

test("waitSync: a signal that has aborted already throws its reason, and is checked", limits, async () => {
  const { pool, gate, futures } = await inLine(1);
  const reason = new Error("enough");
  assert.throws(() => waitSync(futures, { signal: AbortSignal.abort(reason) }), reason);
  assert.throws(() => waitSync(futures, { signal: {} as AbortSignal }), TypeError);
  gate.open();
  assert.equal(waitSync(futures, { signal: new AbortController().signal }).done.size, 1);
  await pool.shutdown();
});

test("wait: what fails after a wait ended is unhandled as ever", limits, async () => {
  const scenarios = new URL("./wait.scenarios.js", import.meta.url);
  const { stdout, code } = await startScenario(scenarios, "failsAfterTheWait").ended;
  assert.deepEqual([stdout, code], ["not done\nunhandled: late\n", 0]);
});

test("asCompleted: futures come as they are done, those that are first", limits, async () => {
  const { pool, gate, futures } = await inLine(2);
  const early = pool.submit(() => "early");
  futures[1].cancel();
  gate.open();
  await early;
  const busy = pool.submit((queue: typeof gate.queue) => queue.getSync(), gate.queue);
  const last = pool.submit(() => "last");
  const order: unknown[] = [];
  const seen = (async () => {
    for await (const { future } of asCompleted([last, busy, futures[0], futures[1], early, busy, last])) {
      order.push(future);
    }
  })();
  await until(() => order.length === 3);
  gate.open();
  await seen;
  assert.deepEqual(order, [futures[0], futures[1], early, busy, last], "each once");
  await pool.shutdown();
});

test("asCompleted: it says how each ended, and a failure ends nothing", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const failing = pool.submit(() => {
    throw new SyntaxError("kept");
  });
  const fine = pool.submit(() => 4);
  const [first, second] = await all(asCompleted([failing, fine]));
  assert.equal(first.future, failing);
  assert.ok(first.status === "rejected" && first.reason instanceof SyntaxError);
  assert.deepEqual(second, { future: fine, status: "fulfilled", value: 4 });
});

test("asCompleted: a timeout gives what is done, and then an error", limits, async () => {
  for (const timeout of [0, 3]) {
    const { pool, gate, futures } = await inLine(3);
    gate.open();
    await futures[0];
    const given: unknown[] = [];
    const error = await rejection(
      (async () => {
        for await (const { future } of asCompleted(futures, { timeout })) given.push(future);
      })(),
    );
    assert.deepEqual(given, [futures[0]]);
    assert.ok(isTimeout(error), String(error));
    assert.match(error.message, new RegExp(`2 of 3 futures were not done within ${timeout} ms`));
    assert.deepEqual(
      futures.map((future) => future.listeners),
      [0, 0, 0],
    );
    gate.open(2);
    await pool.shutdown();
  }
});

test("asCompleted: the time limit counts from the call", limits, async () => {
  const { pool, gate, futures } = await inLine(1);
  const results = asCompleted(futures, { timeout: 5 });
  await until(() => futures[0].listeners === 0, "it is over, though nobody asked yet");
  gate.open();
  await futures[0];
  assert.ok(isTimeout(await rejection(results.next())));
  assert.deepEqual(await results.next(), { value: undefined, done: true });
  await pool.shutdown();
});

test("asCompleted: break leaves nothing behind", limits, async () => {
  const { pool, gate, futures } = await inLine(3);
  gate.open();
  for await (const { future } of asCompleted(futures, { timeout: WATCHDOG })) {
    assert.equal(future, futures[0]);
    assert.equal(futures[1].listeners, 1);
    break;
  }
  assert.deepEqual(
    futures.map((future) => future.listeners),
    [0, 0, 0],
  );
  gate.open(2);
  await pool.shutdown();
});

test("asCompleted: several may ask at once, and whoever asks too much is told so", limits, async () => {
  const { pool, gate, futures } = await inLine(2);
  const results = asCompleted(futures);
  const asked = [results.next(), results.next(), results.next()];
  assert.deepEqual(await asked[2], { value: undefined, done: true });
  gate.open(2);
  const given = [await asked[0], await asked[1]];
  assert.deepEqual(
    given.map((each) => each.value?.future),
    futures,
  );
  const { done, value } = await asCompleted([]).next();
  assert.deepEqual([done, value], [true, undefined]);
  await pool.shutdown();
});

test("asCompleted: return ends whoever waits", limits, async () => {
  const { pool, gate, futures } = await inLine(1);
  const results = asCompleted(futures);
  const asked = results.next();
  await results.return?.();
  assert.deepEqual(await asked, { value: undefined, done: true });
  assert.equal(futures[0].listeners, 0);
  gate.open();
  await pool.shutdown();
});

test("asCompleted: a signal ends it with its reason", limits, async () => {
  const { pool, gate, futures } = await inLine(2);
  const controller = new AbortController();
  const results = asCompleted(futures, { signal: controller.signal });
  gate.open();
  assert.equal((await results.next()).value?.future, futures[0]);
  const asked = outcome(results.next());
  controller.abort("enough");
  assert.deepEqual(await asked, { error: "enough" });
  assert.equal(futures[1].listeners, 0);
  assert.deepEqual(await results.next(), { value: undefined, done: true });
  assert.equal(await rejection(asCompleted([futures[1]], { signal: controller.signal }).next()), "enough");
  gate.open();
  await pool.shutdown();
});

test("asCompleted: a thousand futures, cancelled ones among them", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const futures = Array.from({ length: 1000 }, (_, n) => pool.submit((x: number) => x, n));
  for (let n = 0; n < 1000; n += 3) futures[n].cancel();
  gate.open();
  await busy[0];
  const ends = new Map<unknown, number>();
  for await (const { future, status } of asCompleted([...futures, ...futures])) {
    ends.set(future, (ends.get(future) ?? 0) + 1);
    const n = futures.indexOf(future);
    if (n % 3 === 0) assert.ok(status === "rejected" && (await rejection(future)) instanceof CancelledError);
    else assert.equal(await future, n);
  }
  assert.equal(ends.size, 1000);
  assert.ok([...ends.values()].every((times) => times === 1));
  await pool.shutdown();
});

test("asCompleted: bad input is refused at once", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit(() => 1);
  assert.throws(() => asCompleted(future as never), /expected an iterable of futures/);
  assert.throws(() => asCompleted([1] as never), /futures\[0\] is not a Future, found 1/);
  assert.throws(() => asCompleted([future], { timeout: -1 }), RangeError);
  assert.throws(() => asCompleted([future], { timeout: NaN }), TypeError);
  assert.throws(() => asCompleted([future], { returnWhen: "ALL_COMPLETED" } as never), /returnWhen/);
  await future;
});
