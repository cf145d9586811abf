/** The pool: when workers start, what they get, how the pool ends, what it refuses. */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import {
  CancelledError,
  create,
  type Future,
  fromModule,
  type Interpreter,
  InterpreterError,
  InterpreterPoolExecutor,
  listAll,
  listQueues,
  NotShareableError,
  type Queue,
} from "interpreters";
import { busyPool, channel, Gate, outcome, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const isShutDown = (error: unknown): boolean =>
  error instanceof InterpreterError && error.code === "ERR_EXECUTOR_SHUTDOWN";

/** The created interpreters, all of which belong to pools. */
const workers = (): Interpreter[] => listAll().filter((interp) => interp.whence === "interpreters module");

test("workers start when tasks need them, no more than may be, and are used again", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2, name: "resizer" });
  assert.deepEqual(workers(), [], "none before the first task");
  for (let n = 0; n < 5; n++) assert.equal(await pool.submit((x: number) => x, n), n);
  assert.deepEqual(
    workers().map((interp) => interp.name),
    ["resizer-1"],
    "one is enough for one task at a time",
  );
  const gate = new Gate();
  const tasks = [1, 2, 3].map(() => pool.submit((queue: Queue<number>) => queue.getSync(), gate.queue));
  await until(() => tasks.filter((task) => task.running()).length === 2);
  assert.deepEqual(
    workers().map((interp) => interp.name),
    ["resizer-1", "resizer-2"],
  );
  gate.open(3);
  await Promise.all(tasks);
  await pool.shutdown();
  assert.deepEqual(workers(), []);
});

test("by default there are as many workers as processors", limits, async () => {
  await using pool = new InterpreterPoolExecutor();
  assert.equal(pool.maxWorkers, availableParallelism());
});

test("workers run side by side", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const [here, there] = [channel<string>(), channel<string>()];
  // Each of the two tasks needs the other one to be running.
  const meet = (mine: Queue<string, never>, yours: Queue<string, never>, name: string): string => {
    yours.putSync(name);
    return mine.getSync();
  };
  const [left, right] = [pool.submit(meet, here, there, "left"), pool.submit(meet, there, here, "right")];
  assert.deepEqual([left.resultSync(WATCHDOG), await right], ["right", "left"]);
});

test("one worker runs tasks in the order they were submitted", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const order = channel<number>();
  const tasks = Array.from({ length: 50 }, (_, n) =>
    pool.submit((q: Queue<number>, x: number) => q.putSync(x), order, n),
  );
  gate.open();
  await Promise.all([...busy, ...tasks]);
  assert.deepEqual(
    tasks.map(() => order.getNowait()),
    tasks.map((_, n) => n),
  );
  await pool.shutdown();
});

test("nothing waits behind a slow task while another worker is free", limits, async () => {
  const { pool, gate, busy } = await busyPool(2);
  const tasks = Array.from({ length: 30 }, (_, n) => pool.submit((x: number) => x, n));
  gate.open(1);
  assert.deepEqual(
    await Promise.all(tasks),
    tasks.map((_, n) => n),
  );
  assert.equal(busy.filter((task) => task.running()).length, 1, "one is still at the gate");
  gate.open(1);
  await Promise.all(busy);
  await pool.shutdown();
});

test("a pool's own queue is not among the program's", limits, async () => {
  // A queue that another test has left may be collected meanwhile.
  const before = new Set(listQueues().map(({ id }) => id));
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await pool.submit(() => 0);
  assert.deepEqual(
    listQueues().filter(({ id }) => !before.has(id)),
    [],
  );
});

test("functions of modules run in a pool", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const { basename } = fromModule<typeof import("node:path")>("node:path");
  assert.equal(await pool.submit(basename, "/a/b.txt"), "b.txt");
  assert.equal(await pool.submit(Math.max, 3, 9, 4), 9);
});

test("an interpreter can have a pool of its own", limits, async () => {
  await using interp = create();
  const { sumOfSquares } = fromModule<typeof import("./nested.js")>(new URL("./nested.js", import.meta.url));
  assert.equal(await interp.call(sumOfSquares, [1, 2, 3, 4]), 30);
  assert.equal(interp.callSync(sumOfSquares, [5, 6]), 61);
  assert.deepEqual(workers(), [interp], "and it is gone when it was shut down");
});

test("shutdown waits for the tasks that run and those in line, then everything is gone", limits, async () => {
  const { pool, gate, busy } = await busyPool(2);
  const inLine = pool.submit(() => "in line");
  const ended = pool.shutdown();
  const order: string[] = [];
  const all = [
    ended.then(() => order.push("shutdown")),
    ...[...busy, inLine].map((task) => task.then(() => order.push("task"))),
  ];
  gate.open(2);
  await Promise.all(all);
  assert.deepEqual(order, ["task", "task", "task", "shutdown"]);
  assert.deepEqual(workers(), []);
});

test("after shutdown nothing is accepted", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await pool.submit(() => 1);
  const ended = pool.shutdown();
  for (const when of ["while it ends", "afterwards"]) {
    assert.throws(() => pool.submit(() => 1), isShutDown, when);
    assert.throws(() => pool.map(Math.sqrt, [1]), isShutDown, when);
    assert.throws(() => pool.with({ timeout: 5 }).submit(() => 1), isShutDown, when);
    await ended;
  }
  await Promise.all([
    pool.shutdown(),
    pool.shutdown({ wait: false }),
    pool.shutdown({ cancelFutures: true }),
  ]);
});

test("a pool that was never used shuts down", limits, async () => {
  await new InterpreterPoolExecutor().shutdown();
});

test(
  "shutdown without wait comes back at once, and the tasks are finished all the same",
  limits,
  async () => {
    const { pool, gate, busy } = await busyPool(1);
    const inLine = pool.submit(() => "in line");
    await pool.shutdown({ wait: false });
    assert.equal(busy[0].running(), true);
    gate.open();
    assert.deepEqual([await busy[0], await inLine], ["passed", "in line"]);
    await pool.shutdown();
    assert.deepEqual(workers(), []);
  },
);

test("shutdown with cancelFutures cancels what waits in line and lets finish what runs", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const inLine = [1, 2, 3].map((n) => pool.submit((x: number) => x, n));
  const results = Promise.all(inLine.map(outcome));
  const ended = pool.shutdown({ cancelFutures: true });
  assert.ok(inLine.every((future) => future.cancelled()));
  for (const result of await results) assert.ok("error" in result && result.error instanceof CancelledError);
  gate.open();
  assert.equal(await busy[0], "passed");
  await ended;
  assert.deepEqual(workers(), []);
});

test("await using shuts down, also when the block throws", limits, async () => {
  let future: Future<string> | undefined;
  const block = async (): Promise<void> => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    future = pool.submit(() => "finished");
    throw new Error("from the block");
  };
  assert.equal((await rejection(block())).message, "from the block");
  assert.equal(await future, "finished");
  assert.deepEqual(workers(), []);
});

test("bad options are refused at once", limits, () => {
  const bad: [unknown, typeof TypeError | typeof RangeError][] = [
    [{ maxWorkers: 0 }, RangeError],
    [{ maxWorkers: -1 }, RangeError],
    [{ maxWorkers: 1.5 }, TypeError],
    [{ maxWorkers: "2" }, TypeError],
    [{ maxWorkers: NaN }, TypeError],
    [{ maxWorkers: null }, TypeError],
    [{ retries: -1 }, RangeError],
    [{ retries: "1" }, TypeError],
    [{ name: 5 }, TypeError],
    [{ resourceLimits: 5 }, TypeError],
    [{ config: "strange" }, TypeError],
    [{ config: { nonsense: true } }, TypeError],
    [{ resourceLimits: { nonsense: 1 } }, TypeError],
    [{ resourceLimits: { maxOldGenerationSizeMb: -1 } }, TypeError],
    [{ maxworkers: 2 }, TypeError],
    [null, TypeError],
    [4, TypeError],
  ];
  for (const [options, type] of bad) {
    assert.throws(
      () => new InterpreterPoolExecutor(options as never),
      // The message must be about the option, not about the code of this package.
      (error) => error instanceof type && !error.message.includes("destructure"),
      JSON.stringify(options),
    );
  }
});

test("bad options of tasks are refused at once", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  assert.throws(() => pool.with({ timeout: -1 }), RangeError);
  assert.throws(() => pool.with({ timeout: "5" as never }), TypeError);
  assert.throws(() => pool.with({ signal: {} as never }), TypeError);
  assert.throws(() => pool.submit("code" as never), TypeError);
  assert.throws(() => pool.submit(undefined as never), TypeError);
  assert.throws(() => pool.submit(Math.max.bind(Math)), NotShareableError);
  assert.deepEqual(workers(), []);
});

test(
  "a task whose arguments cannot travel is refused at once, and the pool stays as it was",
  limits,
  async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    for (let i = 0; i < 5; i++) {
      assert.throws(
        () => pool.submit((x: unknown) => x, { items: [1, { onClick() {} }] }),
        (error) => error instanceof NotShareableError && error.message.includes("args[0].items[1].onClick"),
      );
    }
    assert.equal(await pool.submit((x: number) => x + 1, 1), 2);
  },
);

test("a result that cannot travel fails its task alone, and its worker goes on", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await pool.submit(() => 0);
  const [worker] = workers();
  const error = await rejection(pool.submit(() => ({ rows: [{ close: () => 1 }] })));
  assert.ok(error instanceof NotShareableError);
  assert.match(error.message, /result\.rows\[0\]\.close/);
  assert.equal(await pool.submit(() => "fine"), "fine");
  assert.deepEqual(workers(), [worker]);
});

test(
  "a function that captured a variable is refused by that variable's name, where it was submitted",
  limits,
  async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const [captured, alsoCaptured] = [1, 2];
    const error = await rejection(pool.submit(() => captured + alsoCaptured));
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /`captured`.*`alsoCaptured`/);
    assert.match(error.stack ?? "", /executor\.test\.js/, "the stack leads to the submit");
    assert.doesNotMatch(error.stack ?? "", /src\/interpreter\//, "and not through this package");
  },
);

test("the workers have the configuration that the pool was given", limits, async () => {
  const run = (): string =>
    process.getBuiltinModule("node:child_process").execFileSync(process.execPath, ["-p", "6 * 7"], {
      encoding: "utf8",
    });
  await using strict = new InterpreterPoolExecutor({ maxWorkers: 1, config: { allowSpawn: false } });
  await assert.rejects(strict.submit(run), { code: "ERR_INTERPRETER_NOT_ALLOWED" });
  for (const config of ["isolated", "legacy", { allowSpawn: true }] as const) {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, config });
    assert.equal(await pool.submit(run), "42\n");
  }
});
