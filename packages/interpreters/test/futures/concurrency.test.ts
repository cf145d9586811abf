/** Several tasks at a time in one interpreter (`concurrency`): which run when, and how many. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromModule, InterpreterPoolExecutor, NotShareableError } from "interpreters";
import { channel, Gate, rejection, until, WATCHDOG } from "../support/processes.js";
import { full, wait, workers } from "./several.js";

const limits = { timeout: WATCHDOG };
const { where, whereLater } = fromModule<typeof import("./where.js")>(new URL("./where.js", import.meta.url));

test("bad options", () => {
  for (const concurrency of ["2", 1.5, Number.NaN, Infinity, null]) {
    assert.throws(
      () => new InterpreterPoolExecutor({ concurrency: concurrency as number }),
      (error) => error instanceof TypeError && /concurrency must be an integer/.test(error.message),
    );
  }
  for (const concurrency of [0, -1, 65_537]) {
    assert.throws(() => new InterpreterPoolExecutor({ concurrency }), RangeError);
  }
});

test("an interpreter runs as many tasks at a time as it may, and no more", limits, async () => {
  for (const concurrency of [1, 2, 7, 300]) {
    const { pool, gate, waiting } = await full(concurrency);
    assert.equal(workers().length, 1);
    const next = [pool.submit(wait, gate.queue), pool.submit(wait, gate.queue)];
    // Each task that ends makes room for one.
    for (const [i, future] of next.entries()) {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(future.running(), false, `${concurrency} run already`);
      assert.equal(pool.stats().running, concurrency);
      assert.equal(pool.stats().queued, next.length - i);
      gate.open();
      await until(() => future.running());
    }
    gate.open(concurrency);
    await Promise.all([...waiting, ...next]);
    await pool.shutdown();
    assert.deepEqual(workers(), []);
  }
});

test("tasks that return at once, and those that wait, are answered as they are done", limits, async () => {
  const { pool, gate, waiting } = await full(2, { concurrency: 3 });
  // Tasks that compute run in the third place, one after another.
  assert.deepEqual(await Promise.all([1, 2, 3].map((n) => pool.submit((x: number) => x * 2, n))), [2, 4, 6]);
  assert.equal(await pool.submit(whereLater), workers()[0].id);
  const thrown = pool.submit(async () => {
    await Promise.resolve();
    throw new RangeError("later");
  });
  assert.ok((await rejection(thrown)) instanceof RangeError);
  assert.ok((await rejection(pool.submit(async () => () => 1))) instanceof NotShareableError);
  assert.deepEqual(
    waiting.map((future) => future.running()),
    [true, true],
  );
  gate.open(2);
  await Promise.all(waiting);
  await pool.shutdown();
});

test("tasks that need each other run in one interpreter", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 2 });
  const [here, there] = [channel<string>(), channel<string>()];
  const meet = async (mine: typeof here, yours: typeof there, name: string): Promise<string> => {
    await yours.put(name);
    return mine.get();
  };
  const both = [pool.submit(meet, here, there, "left"), pool.submit(meet, there, here, "right")];
  assert.deepEqual(
    both.map((future) => future.resultSync(WATCHDOG)),
    ["right", "left"],
  );
});

test("another interpreter is started when all have as many tasks as they may", limits, async () => {
  const { pool, gate, waiting } = await full(2, { maxWorkers: 2 });
  assert.equal(workers().length, 1);
  waiting.push(pool.submit(wait, gate.queue), pool.submit(wait, gate.queue), pool.submit(wait, gate.queue));
  await until(() => waiting.filter((future) => future.running()).length === 4);
  assert.equal(workers().length, 2);
  gate.open(5);
  await Promise.all(waiting);
  await pool.shutdown();
});

test(
  "nothing waits for an interpreter whose tasks compute while another has nothing to do",
  limits,
  async () => {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2, minWorkers: 2, concurrency: 3 });
    const [gate, block, blocked] = [new Gate(), new Gate(), channel<number>()];
    const first = pool.submit(
      async (at: Gate["queue"], there: Gate["queue"], said: typeof blocked) => {
        await at.get();
        said.putSync(1);
        there.getSync();
      },
      gate.queue,
      block.queue,
      blocked,
    );
    await until(() => first.running());
    gate.open();
    await until(() => blocked.qsize() === 1);
    for (let n = 0; n < 6; n++) assert.equal(await pool.submit((x: number) => x, n), n);
    block.open();
    await first;
    await pool.shutdown();
  },
);

test("higher priorities take the places that become free", limits, async () => {
  const { pool, gate, waiting } = await full(2);
  const order = channel<number>();
  const note = (queue: typeof order, n: number): void => queue.putSync(n);
  const tasks = [-1, 0, 1].map((priority) =>
    pool.with({ priority: priority as 0 }).submit(note, order, priority),
  );
  gate.open(1);
  await Promise.all(tasks);
  assert.deepEqual(
    tasks.map(() => order.getNowait()),
    [1, 0, -1],
  );
  gate.open(1);
  await Promise.all(waiting);
  await pool.shutdown();
});

test("map keeps all places busy", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2, concurrency: 3 });
  const [gate, begun] = [new Gate(), channel<number>()];
  const pass = async ([queue, at, n]: [Gate["queue"], typeof begun, number]): Promise<number> => {
    at.putNowait(n);
    await queue.get();
    return n;
  };
  const results = pool.map(
    pass,
    Array.from({ length: 12 }, (_, n): [Gate["queue"], typeof begun, number] => [gate.queue, begun, n]),
  );
  const first = results.next();
  await until(() => begun.qsize() === 6);
  assert.equal(workers().length, 2);
  gate.open(12);
  const all = [(await first).value];
  for await (const n of results) all.push(n);
  assert.deepEqual(
    all,
    Array.from({ length: 12 }, (_, n) => n),
  );
  await pool.shutdown();
});

test("chunks run beside each other, each one call after another", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 4 });
  const results: number[] = [];
  const later = async (n: number): Promise<number> => {
    await new Promise((resolve) => setImmediate(resolve));
    return n * 2;
  };
  const source = Array.from({ length: 40 }, (_, n) => n);
  for await (const n of pool.map(later, source, { chunksize: 5 })) results.push(n);
  assert.deepEqual(
    results,
    source.map((n) => n * 2),
  );
});

test("a task that waits in line can be cancelled, one that was taken cannot", limits, async () => {
  const { pool, gate, waiting } = await full(2);
  const inLine = pool.submit(wait, gate.queue);
  assert.deepEqual([waiting[0].cancel(), waiting[1].cancel(), inLine.cancel()], [false, false, true]);
  gate.open(2);
  await Promise.all(waiting);
  await pool.shutdown();
});

test("shutdown waits for all that runs, and cancels what waits in line if asked", limits, async () => {
  const { pool, gate, waiting } = await full(3);
  const inLine = [pool.submit(wait, gate.queue), pool.submit(wait, gate.queue)];
  const over = pool.shutdown({ cancelFutures: true });
  assert.deepEqual(
    inLine.map((future) => future.cancelled()),
    [true, true],
  );
  gate.open(3);
  await over;
  assert.deepEqual(await Promise.all(waiting), [1, 1, 1]);
  assert.deepEqual(workers(), []);
});

test("an interpreter that is closed finishes all that it runs first", limits, async () => {
  const { pool, gate, waiting } = await full(3);
  const [worker] = workers();
  assert.equal(worker.isRunning(), true);
  assert.equal((await rejection<NodeJS.ErrnoException>(worker.close())).code, "ERR_INTERPRETER_RUNNING");
  const closed = worker.close({ wait: true });
  gate.open(2);
  await until(() => waiting.filter((future) => future.done()).length === 2);
  assert.deepEqual(workers(), [worker]);
  gate.open(1);
  await closed;
  assert.deepEqual(await Promise.all(waiting), [1, 1, 1]);
  await pool.shutdown();
});

test("what is sent to the interpreter itself goes first, and runs alone", limits, async () => {
  const { pool, gate, waiting } = await full(2, { concurrency: 3 });
  const [worker] = workers();
  const own = new Gate();
  const direct = worker.call(wait, own.queue);
  const second = worker.call(() => "second");
  const task = pool.submit(() => "task");
  own.open();
  assert.equal(await direct, 1);
  assert.deepEqual([await second, await task], ["second", "task"]);
  gate.open(2);
  await Promise.all(waiting);
  await pool.shutdown();
});

test(
  "an interpreter takes no more than maxTasksPerInterpreter, and ends when they are done",
  limits,
  async () => {
    for (const most of [1, 3, 4]) {
      const pool = new InterpreterPoolExecutor({
        maxWorkers: 2,
        concurrency: 3,
        maxTasksPerInterpreter: most,
      });
      const ran = await Promise.all(
        Array.from({ length: 24 }, (_, n) => (n % 3 === 0 ? pool.submit(where) : pool.submit(whereLater))),
      );
      const counts = new Map<number, number>();
      for (const id of ran) counts.set(id, (counts.get(id) ?? 0) + 1);
      for (const [id, count] of counts) assert.ok(count <= most, `${count} in interpreter ${id}`);
      await pool.shutdown();
      assert.deepEqual(workers(), []);
    }
  },
);

test("one that has had its tasks is replaced while they still run", limits, async () => {
  const { pool, gate, waiting } = await full(2, { maxTasksPerInterpreter: 2 });
  const [first] = workers();
  const next = pool.submit(where);
  gate.open(1);
  assert.notEqual(await next, first.id);
  assert.equal(waiting.filter((future) => future.running()).length, 1);
  gate.open(1);
  await Promise.all(waiting);
  await pool.shutdown();
});

test("idleTimeout ends as many as the tasks would not fill, and none that runs any", limits, async () => {
  const { pool, gate, waiting } = await full(2, { maxWorkers: 2, idleTimeout: 5 });
  // A second interpreter, which is idle again soon.
  const other = new Gate();
  const there = [pool.submit(wait, other.queue), pool.submit(wait, other.queue)];
  await until(() => there.every((future) => future.running()));
  assert.equal(workers().length, 2);
  other.open(2);
  await Promise.all(there);
  await until(() => workers().length === 1);
  assert.deepEqual(
    waiting.map((future) => future.running()),
    [true, true],
  );
  gate.open(2);
  await Promise.all(waiting);
  await pool.shutdown();
});

test("an interpreter with places left keeps its timers and sockets going", limits, async () => {
  const { pool, gate, waiting } = await full(2, { concurrency: 3 });
  const ticks = channel<number>();
  await pool.submit((queue: typeof ticks) => void setInterval(() => queue.putNowait(1), 1), ticks);
  await until(() => ticks.qsize() >= 5);
  const more = pool.submit(wait, gate.queue);
  const seen = ticks.qsize();
  await until(() => more.running() && ticks.qsize() >= seen + 5);
  gate.open(3);
  await Promise.all([...waiting, more]);
  await pool.shutdown();
});

test("of time that tasks wait side by side, utilisation counts the share of all places", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 4 });
  const gate = new Gate();
  const two = [pool.submit(wait, gate.queue), pool.submit(wait, gate.queue)];
  await until(() => two.every((future) => future.running()));
  const began = performance.now();
  await until(() => performance.now() - began > 100);
  gate.open(2);
  await Promise.all(two);
  const { utilisation, runTime } = pool.stats();
  assert.ok(runTime.min >= 95, `they ran for ${runTime.min} ms`);
  assert.ok(utilisation > 0 && utilisation <= 0.5, String(utilisation));
  await pool.shutdown();
});
