/** Observing a pool: `stats()`, and the diagnostics channels. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test, type TestContext } from "node:test";
import {
  type Future,
  InterpreterPoolExecutor,
  type TaskEvent,
  type WorkerEndEvent,
  type WorkerEvent,
} from "interpreters";
import { Histogram } from "../../src/futures/histogram.js";
import { Chance } from "../support/queues.js";
import { assertEnded, busyPool, rejection, start, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

test("a new pool has done nothing", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const none = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
  assert.deepEqual(pool.stats(), {
    queued: 0,
    running: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    workers: 0,
    waitTime: none,
    runTime: none,
    utilisation: 0,
  });
});

test("tasks are counted by what became of them", limits, async () => {
  const { pool, gate, busy } = await busyPool(2, { retries: 1 });
  const counts = (): number[] => {
    const { queued, running, completed, failed, cancelled, workers } = pool.stats();
    return [queued, running, completed, failed, cancelled, workers];
  };
  assert.deepEqual(counts(), [0, 2, 0, 0, 0, 2]);
  const [fine, cancelled] = [pool.submit(() => 1), pool.submit(() => 1)];
  const urgent = pool.with({ priority: 2 }).submit(() => 1);
  const failing = [
    pool.submit(() => {
      throw new Error("failed");
    }),
    pool.submit(() => process.exit(1)),
  ];
  const failed = Promise.all(failing.map((future) => rejection(future)));
  assert.deepEqual(counts(), [5, 2, 0, 0, 0, 2]);
  cancelled.cancel();
  assert.deepEqual(counts(), [4, 2, 0, 0, 1, 2]);
  assert.throws(() =>
    pool.submit(
      (f: unknown) => f,
      () => 0,
    ),
  );
  assert.deepEqual(counts(), [4, 2, 0, 0, 1, 2], "one that was refused is none");
  gate.open(2);
  await Promise.all([...busy, fine, urgent, failed]);
  assert.deepEqual(counts().slice(0, 5), [0, 0, 4, 2, 1]);
  await pool.shutdown();
  assert.deepEqual(counts(), [0, 0, 4, 2, 1, 0]);
});

test("running and waiting time are told apart", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const work = async (milliseconds: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  };
  await Promise.all(Array.from({ length: 5 }, () => pool.submit(work, 40)));
  const { runTime, waitTime, utilisation } = pool.stats();
  assert.deepEqual([runTime.count, waitTime.count], [5, 5]);
  for (const time of [runTime.min, runTime.p50, runTime.mean, runTime.max]) {
    // Timers may fire up to a millisecond early, and percentiles have two digits.
    assert.ok(time >= 38, `it ran for ${time} ms`);
  }
  assert.ok(runTime.p50 <= runTime.p90 && runTime.p90 <= runTime.p99);
  // The last task waited for the four others.
  assert.ok(waitTime.max >= 4 * 38, `it waited for ${waitTime.max} ms`);
  assert.ok(waitTime.min < waitTime.max);
  assert.ok(utilisation > 0 && utilisation <= 1, String(utilisation));
});

test("the first tasks are all timed, of many a part; what dies or is cancelled is not", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const futures = Array.from({ length: 3000 }, () => pool.submit(() => 0));
  for (const future of futures.slice(100, 110)) future.cancel();
  gate.open();
  await Promise.all([...busy, ...futures.slice(0, 100), ...futures.slice(110)]);
  const { runTime, waitTime, completed } = pool.stats();
  assert.equal(completed, 2991);
  assert.equal(runTime.count, waitTime.count);
  assert.ok(runTime.count >= 246 && runTime.count < 1000, `${runTime.count} were timed`);
  await pool.shutdown();
});

test("percentiles are exact to two digits, whatever the values", () => {
  const chance = new Chance(7);
  const distributions: Record<string, () => number> = {
    small: () => 1 + chance.below(300),
    even: () => 1 + chance.below(1_000_000),
    wide: () => Math.ceil(Math.exp(chance.next() * 22)),
    same: () => 255,
  };
  for (const [name, next] of Object.entries(distributions)) {
    const histogram = new Histogram();
    const values = Array.from({ length: 5000 }, next);
    for (const value of values) histogram.record(value);
    values.sort((a, b) => a - b);
    assert.deepEqual([histogram.min, histogram.max], [values[0], values.at(-1)]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    assert.ok(Math.abs(histogram.mean - mean) <= mean * 1e-9, name);
    for (const percent of [0, 1, 50, 90, 99, 99.99, 100]) {
      const exact = values[Math.max(0, Math.ceil((percent / 100) * values.length) - 1)];
      const found = histogram.percentile(percent);
      assert.ok(found >= exact && found <= exact * 1.01, `${name}: ${percent} % is ${exact}, found ${found}`);
    }
  }
  const odd = new Histogram();
  for (const value of [0, -5, 0.4, 1e12, Infinity]) odd.record(value);
  assert.deepEqual([odd.count, odd.min, odd.max], [5, 1, 3_600_000_000]);
});

test("a snapshot costs a few microseconds, however long tasks took", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const wait = async (milliseconds: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  };
  await Promise.all([200, 1, 30, 3].map((milliseconds) => pool.submit(wait, milliseconds)));
  const laps = Array.from({ length: 40 }, () => {
    const began = performance.now();
    for (let n = 0; n < 500; n++) pool.stats();
    return (performance.now() - began) * 2;
  });
  // The quickest lap: on a loaded machine the others measure something else.
  assert.ok(Math.min(...laps) < 5, `${Math.min(...laps)} µs`);
});

/** All messages that are published on a channel while the test runs. */
function listen<E>(t: TestContext, name: string): E[] {
  const events: E[] = [];
  const hear = (event: unknown): void => void events.push(event as E);
  subscribe(name, hear);
  t.after(() => unsubscribe(name, hear));
  return events;
}

test("channels tell of tasks: submitted, tried again, settled", limits, async (t) => {
  const submitted = listen<TaskEvent>(t, "interpreters:task:submit");
  const retried = listen<TaskEvent>(t, "interpreters:task:retry");
  const settled = listen<TaskEvent & { done: boolean }>(t, "interpreters:task:settle");
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 1 });
  const futures: Future<unknown>[] = [pool.submit(() => 1), pool.submit(() => process.exit(2))];
  assert.deepEqual(
    submitted.map(({ future }) => future),
    futures,
  );
  assert.ok(submitted.every(({ executor }) => executor === pool));
  assert.equal(await futures[0], 1);
  await rejection(futures[1]);
  assert.deepEqual(
    retried.map(({ future }) => future),
    [futures[1]],
  );
  assert.deepEqual(
    settled.map(({ future }) => [future, future.done()]),
    futures.map((future) => [future, true]),
  );
  assert.throws(() =>
    pool.submit(
      (f: unknown) => f,
      () => 0,
    ),
  );
  await pool.shutdown();
  assert.equal(submitted.length, 2, "none that was refused");
});

test("channels tell of interpreters: started, ended, and why", limits, async (t) => {
  const started = listen<WorkerEvent>(t, "interpreters:worker:start");
  const ended = listen<WorkerEndEvent>(t, "interpreters:worker:end");
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await rejection(pool.submit(() => process.exit(2)));
  await pool.submit(() => 0);
  await pool.shutdown();
  await until(() => ended.length === 2);
  assert.equal(started.length, 2);
  assert.deepEqual(
    ended.map(({ interpreterId, reason }) => [interpreterId, reason]),
    [
      [started[0].interpreterId, "exit"],
      [started[1].interpreterId, "closed"],
    ],
  );
  assert.ok([...started, ...ended].every(({ executor }) => executor === pool));
});

test("a subscriber may submit the next task, and the program ends when there is none", limits, async () => {
  const program = `
    import { subscribe } from "node:diagnostics_channel";
    import { InterpreterPoolExecutor } from "interpreters";
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    let left = 3;
    subscribe("interpreters:task:settle", () => {
      if (--left > 0) pool.submit(() => 1);
      else console.log("done");
    });
    pool.submit(() => 1);
  `;
  const running = start(process.execPath, ["--input-type=module", "--eval", program]);
  assertEnded(await running.ended, { code: 0, stdout: "done\n" });
});

test("a subscriber that throws harms no task", limits, async (t) => {
  const thrown: unknown[] = [];
  const name = "interpreters:task:settle";
  const hear = (): void => {
    throw new Error("subscriber");
  };
  subscribe(name, hear);
  t.after(() => unsubscribe(name, hear));
  const uncaught = (error: unknown): void => void thrown.push(error);
  // The test runner listens too, and would report it as a failure.
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", uncaught);
  t.after(() => {
    process.off("uncaughtException", uncaught);
    for (const other of others) process.on("uncaughtException", other);
  });
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  assert.equal(await pool.submit(() => 1), 1);
  await until(() => thrown.length === 1);
});
