/** Priorities: which task begins first, that none starves, and that neither a death nor a cancel changes the order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InterpreterPoolExecutor, type Priority, type Queue } from "interpreters";
import { LANES, MOST_OVERTAKING } from "../../src/kernel/lanes.js";
import { busyPool, channel, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const PRIORITIES: readonly Priority[] = [2, 1, 0, -1, -2];
const note = (queue: Queue<string, never>, name: string): void => queue.putSync(name);

/** Everything in a queue. */
function all<T>(queue: Queue<T, never>): T[] {
  return Array.from({ length: queue.qsize() }, () => queue.getNowait());
}

test("the higher priority first, and in each the order of submission", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const log = channel<string>();
  const futures = ["a", "b", "c"].flatMap((name) =>
    // Not in the order of their priorities.
    [0, 2, -2, 1, -1].map((priority) =>
      pool.with({ priority: priority as Priority }).submit(note, log, `${priority}${name}`),
    ),
  );
  gate.open();
  await Promise.all([...busy, ...futures]);
  assert.deepEqual(
    all(log),
    PRIORITIES.flatMap((priority) => ["a", "b", "c"].map((name) => `${priority}${name}`)),
  );
  await pool.shutdown();
});

test("a task without a priority has 0", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const log = channel<string>();
  const futures = [
    pool.with({ priority: -1 }).submit(note, log, "lower"),
    pool.submit(note, log, "none"),
    pool.with({ timeout: WATCHDOG }).submit(note, log, "none, with a limit"),
    pool.with({ priority: 0 }).submit(note, log, "0"),
    pool.with({ priority: 1 }).submit(note, log, "higher"),
  ];
  gate.open();
  await Promise.all([...busy, ...futures]);
  assert.deepEqual(all(log), ["higher", "none", "none, with a limit", "0", "lower"]);
  await pool.shutdown();
});

test("no task starves: lower ones are overtaken only so often, each priority in turn", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const log = channel<string>();
  const urgent = pool.with({ priority: 2 });
  const low = PRIORITIES.slice(1).map((priority) => pool.with({ priority }).submit(note, log, `${priority}`));
  const rest = (MOST_OVERTAKING + 1) * (LANES - 1);
  const high = Array.from({ length: rest }, () => urgent.submit(note, log, "2"));
  gate.open();
  await Promise.all([...busy, ...low, ...high]);
  const order = all(log);
  const found = order.flatMap((name, i) => (name === "2" ? [] : [[name, i]]));
  assert.deepEqual(
    found,
    ["1", "0", "-1", "-2"].map((name, i) => [name, (i + 1) * (MOST_OVERTAKING + 1) - 1]),
  );
  await pool.shutdown();
});

test("an endless stream of urgent tasks lets the others through", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  let streaming = true;
  let submitted = 0;
  const urgent = pool.with({ priority: 2 });
  const stream = async (): Promise<void> => {
    while (streaming) {
      submitted++;
      await urgent.submit((n: number) => n, 1);
    }
  };
  const streams = Array.from({ length: 50 }, stream);
  await until(() => submitted > 100);
  const low = PRIORITIES.map((priority) => pool.with({ priority }).submit((n: number) => n, priority));
  assert.deepEqual(await Promise.all(low), PRIORITIES);
  streaming = false;
  await Promise.all(streams);
});

test("a worker that sleeps is woken by a task of any priority", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  for (let round = 0; round < 20; round++) {
    for (const priority of PRIORITIES)
      assert.equal(await pool.with({ priority }).submit((n: number) => n, priority), priority);
    for (const priority of PRIORITIES) {
      const both = [0, 1].map((n) => pool.with({ priority }).submit((x: number) => x, n));
      assert.deepEqual(
        both.map((future) => future.resultSync(WATCHDOG)),
        [0, 1],
      );
    }
  }
});

test("two workers that sleep are both woken when tasks of two priorities come", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const meet = (mine: Queue<number, never>, yours: Queue<number, never>): number => {
    yours.putSync(1);
    return mine.getSync();
  };
  for (let round = 0; round < 20; round++) {
    const [here, there] = [channel<number>(), channel<number>()];
    // Each of the two tasks needs the other one to be running.
    const pair = [
      pool.with({ priority: round % 2 === 0 ? 2 : -2 }).submit(meet, here, there),
      pool.submit(meet, there, here),
    ];
    assert.deepEqual(await Promise.all(pair), [1, 1]);
  }
});

test("a death leaves the tasks in line of all priorities as they were", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const log = channel<string>();
  const victims = PRIORITIES.map((priority) => pool.with({ priority }).submit(() => process.exit(3)));
  const failed = Promise.all(victims.map((victim) => rejection(victim)));
  const futures = PRIORITIES.toReversed().flatMap((priority) =>
    ["a", "b"].map((name) => pool.with({ priority }).submit(note, log, `${priority}${name}`)),
  );
  gate.open();
  await Promise.all([...busy, ...futures]);
  assert.equal((await failed).length, victims.length);
  assert.deepEqual(
    all(log),
    PRIORITIES.flatMap((priority) => [`${priority}a`, `${priority}b`]),
    "each once, in order",
  );
  await pool.shutdown();
});

test("a task that is run again keeps its priority", limits, async () => {
  const { pool, gate, busy } = await busyPool(1, { retries: 1 });
  const log = channel<string>();
  const tries = channel<number>();
  const dieOnce = (queue: typeof tries, out: typeof log): void => {
    queue.putSync(1);
    if (queue.qsize() === 1) process.exit(1);
    out.putSync("tried again");
  };
  const urgent = pool.with({ priority: 2 }).submit(dieOnce, tries, log);
  const others = [1, 2, 3].map((n) => pool.with({ priority: 1 }).submit(note, log, `${n}`));
  gate.open();
  await Promise.all([...busy, urgent, ...others]);
  assert.deepEqual(all(log), ["tried again", "1", "2", "3"]);
  await pool.shutdown();
});

test("tasks of every priority are cancelled, aborted, and failed with the pool", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const views = PRIORITIES.map((priority) => pool.with({ priority }));
  const cancelled = views.map((view) => view.submit(() => 1));
  assert.ok(cancelled.every((future) => future.cancel()));
  const controller = new AbortController();
  const aborted = PRIORITIES.map((priority) =>
    pool.with({ priority, signal: controller.signal }).submit(() => 1),
  );
  const reasons = Promise.all(aborted.map((future) => rejection(future)));
  controller.abort(new Error("enough"));
  assert.ok((await reasons).every((error) => error.message === "enough"));
  const inLine = views.map((view) => view.submit(() => 1));
  const ended = pool.shutdown({ cancelFutures: true });
  assert.ok(inLine.every((future) => future.cancelled()));
  gate.open();
  await Promise.all([...busy, ended]);
});

test("bad priorities are refused", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  for (const [priority, type] of [
    [3, RangeError],
    [-3, RangeError],
    [Infinity, TypeError],
    [0.5, TypeError],
    ["1", TypeError],
    [null, TypeError],
  ] as const) {
    assert.throws(
      () => pool.with({ priority: priority as Priority }),
      (error) => error instanceof type && error.message.includes("priority"),
      String(priority),
    );
  }
});
