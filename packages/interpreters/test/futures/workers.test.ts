/** How many interpreters a pool has, and for how long: minWorkers, idleTimeout, maxTasksPerInterpreter, with retries. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ExecutorOptions,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  listAll,
  type Queue,
} from "interpreters";
import { busyPool, channel, Gate, rejection, startScenario, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const workers = (): Interpreter[] => listAll().filter((interp) => interp.whence === "interpreters module");
const ids = (): number[] => workers().map((interp) => interp.id);
const exits = new URL("./workers.scenarios.js", import.meta.url);

/** The interpreter in which a task runs. */
const { where, dieOnce } = fromModule<typeof import("./where.js")>(new URL("./where.js", import.meta.url));

test("minWorkers are there before the first task, and do the first tasks", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 3, minWorkers: 2 });
  assert.equal(workers().length, 2);
  const before = ids();
  assert.equal(await pool.submit(() => 1), 1);
  assert.deepEqual(ids(), before);
  await pool.shutdown();
  assert.deepEqual(ids(), []);
});

test("workers that have nothing to do are ended after idleTimeout, but for minWorkers", limits, async () => {
  for (const minWorkers of [0, 1]) {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 3, minWorkers, idleTimeout: 10 });
    const gate = new Gate();
    const wait = (queue: typeof gate.queue): number => queue.getSync();
    const busy = [1, 2, 3].map(() => pool.submit(wait, gate.queue));
    await until(() => busy.every((future) => future.running()));
    assert.equal(workers().length, 3);
    gate.open(3);
    await Promise.all(busy);
    await until(() => workers().length === minWorkers, "the others are ended");
    // Others start when they are needed again.
    const again = [1, 2, 3].map(() => pool.submit(wait, gate.queue));
    await until(() => again.every((future) => future.running()));
    assert.equal(workers().length, 3);
    gate.open(3);
    await Promise.all(again);
    await pool.shutdown();
  }
});

test("idleTimeout ends none that is busy", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2, idleTimeout: 5 });
  const gate = new Gate();
  const wait = (queue: typeof gate.queue): number => queue.getSync();
  const [first, second] = [pool.submit(wait, gate.queue), pool.submit(wait, gate.queue)];
  await until(() => first.running() && second.running());
  gate.open(1);
  await until(() => first.done() || second.done());
  const running = first.done() ? second : first;
  await until(() => workers().length === 1, "the one that is idle is ended");
  assert.equal(running.running(), true);
  gate.open(1);
  await running;
  await pool.shutdown();
});

test("tasks that come while idle workers end are all run, once", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2, idleTimeout: 0 });
  const ran = channel<number>();
  for (let n = 0; n < 30; n++) {
    const both = [0, 1].map((i) =>
      pool.submit((queue: typeof ran, x: number) => queue.putSync(x), ran, 2 * n + i),
    );
    await Promise.all(both);
    // The timer for idle workers fires at about this time.
    for (let turn = 0; turn < n % 4; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const all = Array.from({ length: ran.qsize() }, () => ran.getNowait());
  assert.deepEqual(
    all.sort((a, b) => a - b),
    Array.from({ length: 60 }, (_, i) => i),
  );
});

test("idle workers, minWorkers too, and the timer that ends them keep no process alive", limits, async () => {
  const { code, signal, stdout } = await startScenario(exits, "idle").ended;
  assert.deepEqual([code, signal, stdout], [0, null, "done\n"]);
});

test("an interpreter runs no more than maxTasksPerInterpreter, and each task runs once", limits, async () => {
  for (const [maxWorkers, most] of [
    [1, 1],
    [1, 3],
    [2, 2],
  ] as const) {
    const pool = new InterpreterPoolExecutor({ maxWorkers, maxTasksPerInterpreter: most });
    const ran = await Promise.all(Array.from({ length: 12 }, () => pool.submit(where)));
    const counts = new Map<number, number>();
    for (const id of ran) counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const [id, count] of counts) assert.ok(count <= most, `${count} in interpreter ${id}`);
    if (maxWorkers === 1) assert.equal(counts.size, 12 / most);
    await until(() => workers().length <= maxWorkers);
    await pool.shutdown();
    assert.deepEqual(ids(), []);
  }
});

test("recycling loses no task and runs none twice, while others are submitted", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2, maxTasksPerInterpreter: 5 });
  const ran = channel<number>();
  const count = (queue: Queue<number, never>, n: number): number => {
    queue.putSync(n);
    return n;
  };
  const futures = Array.from({ length: 60 }, (_, n) =>
    pool.with({ priority: n % 2 === 0 ? 0 : 1 }).submit(count, ran, n),
  );
  assert.deepEqual(
    await Promise.all(futures),
    futures.map((_, n) => n),
  );
  const all = Array.from({ length: ran.qsize() }, () => ran.getNowait());
  assert.deepEqual(
    all.sort((a, b) => a - b),
    futures.map((_, n) => n),
  );
  await pool.shutdown();
});

test("recycling goes on while this thread blocks", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, maxTasksPerInterpreter: 1 });
  const futures = [1, 2, 3, 4].map((n) => pool.submit((x: number) => x * x, n));
  assert.deepEqual(
    futures.map((future) => future.resultSync(WATCHDOG)),
    [1, 4, 9, 16],
  );
});

test("failures, deaths and retries count as tasks, and a retry runs elsewhere", limits, async () => {
  const pool = new InterpreterPoolExecutor({
    maxWorkers: 1,
    maxTasksPerInterpreter: 2,
    retries: 1,
  });
  const tries = channel<number>();
  assert.equal((await rejection(pool.submit(() => Promise.reject(new Error("counts"))))).message, "counts");
  const [first] = ids();
  // The second task of this worker is its last, and kills it.
  const second = await pool.submit(dieOnce, tries, 1);
  assert.deepEqual([tries.getNowait(), tries.getNowait()], [first, second]);
  assert.notEqual(second, first);
  const later = await Promise.all([pool.submit(where), pool.submit(where)]);
  assert.equal(later[0], second, "it had one task");
  assert.notEqual(later[1], second, "and this was its second");
  const error = await rejection(pool.submit(dieOnce, tries, 9));
  assert.ok(error instanceof InterpreterDiedError);
  assert.equal(tries.qsize(), 2, "once, and one retry");
  await pool.shutdown();
});

test("each new interpreter is set up", limits, async () => {
  const log = channel<number>();
  await using pool = new InterpreterPoolExecutor({
    maxWorkers: 1,
    maxTasksPerInterpreter: 2,
    initializer: (queue: typeof log) => queue.putSync(1),
    initargs: [log],
  });
  await Promise.all(Array.from({ length: 6 }, () => pool.submit(() => 0)));
  await until(() => log.qsize() === 3);
});

test("a shutdown waits for interpreters that were about to end", limits, async () => {
  const { pool, gate, busy } = await busyPool(2, { maxTasksPerInterpreter: 1 });
  gate.open(2);
  await Promise.all(busy);
  await pool.shutdown();
  assert.deepEqual(ids(), []);
});

test(
  "an interpreter that awaits a task, or is idle, keeps its own timers and sockets going",
  limits,
  async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const [ticks, heard] = [channel<number>(), channel<string>()];
    await pool.submit(
      async (times: typeof ticks, words: typeof heard) => {
        setInterval(() => times.putNowait(1), 5);
        const { createServer, connect } = await import("node:net");
        const server = createServer((socket) => socket.on("data", (data) => words.putNowait(String(data))));
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as { port: number };
        const client = connect(port, "127.0.0.1");
        setInterval(() => client.write("word"), 5);
      },
      ticks,
      heard,
    );
    const goOn = async (): Promise<void> => {
      const [before, said] = [ticks.qsize(), heard.qsize()];
      await until(() => ticks.qsize() >= before + 5 && heard.qsize() >= said + 5);
    };
    await goOn();
    const gate = new Gate();
    const waiting = pool.submit(async (queue: typeof gate.queue) => await queue.get(), gate.queue);
    await until(() => waiting.running());
    await goOn();
    gate.open();
    await waiting;
    // They also go on between tasks that follow one another without a pause.
    const [before, futures] = [ticks.qsize(), [] as Promise<unknown>[]];
    while (ticks.qsize() < before + 5) {
      futures.push(pool.submit(() => 0).result());
      if (futures.length % 50 === 0) await Promise.all(futures.splice(0));
    }
    await Promise.all(futures);
  },
);

test("bad options are refused at once", limits, () => {
  const bad: [ExecutorOptions, typeof TypeError | typeof RangeError, RegExp][] = [
    [{ minWorkers: -1 }, RangeError, /minWorkers/],
    [{ minWorkers: 1.5 }, TypeError, /minWorkers/],
    [{ maxWorkers: 2, minWorkers: 3 }, RangeError, /minWorkers must not exceed maxWorkers \(2\), found 3/],
    [{ minWorkers: 10_000 }, RangeError, /minWorkers/],
    [{ idleTimeout: -1 }, RangeError, /idleTimeout/],
    [{ idleTimeout: NaN }, TypeError, /idleTimeout/],
    [{ maxTasksPerInterpreter: 0 }, RangeError, /maxTasksPerInterpreter/],
    [{ maxTasksPerInterpreter: Infinity }, TypeError, /maxTasksPerInterpreter/],
  ];
  for (const [options, type, message] of bad) {
    assert.throws(
      () => new InterpreterPoolExecutor(options),
      (error) => error instanceof type && message.test(error.message),
    );
  }
  assert.deepEqual(ids(), []);
});
