/** How many workers a pool has after deaths and failed boots. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import {
  Interpreter,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  listAll,
  type WorkerEvent,
} from "interpreters";
import { createdIds, gc } from "../support/queues.js";
import { deathByLimit } from "../support/ways.js";
import { Gate, rejection, startScenario, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const workers = (): Interpreter[] => listAll().filter((interp) => interp.whence === "interpreters module");
const scenarios = new URL("./restarts.scenarios.js", import.meta.url);
const preload = fileURLToPath(new URL("./restarts.preload.cjs", import.meta.url));

async function run(scenario: string): Promise<{ seen: unknown[]; stderr: string }> {
  const ended = await startScenario(scenarios, scenario, { nodeArgs: ["--require", preload] }).ended;
  assert.equal(ended.code, 0, ended.stderr);
  const seen = ended.stdout.trimEnd().split("\n");
  return { seen: seen.map((line) => JSON.parse(line) as unknown), stderr: ended.stderr };
}

/** The workers that are started while the test runs. */
function starts(t: TestContext): number[] {
  const ids: number[] = [];
  const note = (message: unknown): void => void ids.push((message as WorkerEvent).interpreterId);
  subscribe("interpreters:worker:start", note);
  t.after(() => unsubscribe("interpreters:worker:start", note));
  return ids;
}

test("an interpreter that fails to boot harms no task while others do boot", limits, async () => {
  const { seen, stderr } = await run("one");
  assert.deepEqual(seen, [Array.from({ length: 40 }, (_, n) => n * 2)]);
  assert.equal(stderr.split("no threads left").length - 1, 1, stderr);
});

test("a pool none of whose workers boots fails its tasks with the error, and goes on", limits, async () => {
  const { seen } = await run("none");
  const error = [
    "InterpreterError",
    "ERR_INTERPRETER_BOOT",
    "Cannot finish a task: interpreter N failed to boot: no threads left",
    "no threads left",
  ];
  assert.deepEqual(seen, [[error, error, error, error], 8]);
});

test(
  "a worker that fails to boot before it is set up fails its task once, and the pool goes on",
  limits,
  async () => {
    const { seen } = await run("early");
    const fails = (what: string): unknown[] => [
      "InterpreterError",
      "ERR_INTERPRETER_BOOT",
      `${what}Cannot finish a task: interpreter N failed to boot: no threads left`,
      "no threads left",
    ];
    assert.deepEqual(seen, [fails(""), fails("map: item N: "), [0, 0, 2, 1 << 20], 2, [4, 6]]);
  },
);

test("minWorkers that fail to boot before they are set up are started again", limits, async () => {
  assert.deepEqual((await run("earlyLeast")).seen, [true, 4]);
});

test("minWorkers that fail to boot are started again", limits, async () => {
  assert.deepEqual((await run("least")).seen, [1, 4]);
});

test("minWorkers are there after a task has taken its worker along", limits, async () => {
  const ways: [string, (pool: InterpreterPoolExecutor) => PromiseLike<unknown>][] = [
    [
      "timeout",
      (pool) =>
        pool.with({ timeout: 20 }).submit(() => {
          for (;;);
        }),
    ],
    ["exit", (pool) => pool.submit(() => process.exit(3))],
    [
      "uncaught-exception",
      (pool) =>
        pool.submit(() => {
          setImmediate(() => {
            throw new Error("later");
          });
          return new Promise(() => {});
        }),
    ],
  ];
  for (const [reason, submit] of ways) {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2, minWorkers: 2 });
    await pool.submit(() => 0);
    const before = workers();
    const rejected = await rejection(submit(pool));
    const error = rejected.name === "TimeoutError" ? deathByLimit(rejected) : rejected;
    assert.ok(error instanceof InterpreterDiedError, reason);
    await until(() => workers().length === 2);
    assert.ok(!workers().some(({ id }) => id === error.interpreterId));
    assert.ok(before.some(({ id }) => id === error.interpreterId));
    await pool.shutdown();
  }
});

test("one of minWorkers that dies with nothing to do is replaced at once", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2, minWorkers: 2 });
  await pool.submit(() => 0);
  const [first, second] = workers();
  await first.terminate();
  await until(() => workers().length === 2);
  assert.ok(workers().includes(second) && !workers().includes(first));
  assert.equal(await pool.submit(() => "next"), "next");
  // Beyond minWorkers, a dead one is replaced only when a task needs it.
  await using other = new InterpreterPoolExecutor({ maxWorkers: 2 });
  await other.submit(() => 0);
  const third = workers().at(-1);
  await third?.terminate();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(workers().length, 2);
});

test("minWorkers are there after interpreters were recycled", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2, minWorkers: 2, maxTasksPerInterpreter: 1 });
  const before = workers();
  // A replacement may be ready before a worker that is still booting, and take the task that was meant for it.
  while (workers().some((worker) => before.includes(worker))) await pool.submit(() => 0);
  await until(() => workers().length === 2);
});

test(
  "a worker that dies whenever it is idle is restarted once, and then only after a wait",
  limits,
  async (t) => {
    const ids = starts(t);
    const pool = new InterpreterPoolExecutor({
      maxWorkers: 1,
      minWorkers: 1,
      initializer: () => void setTimeout(() => process.exit(0), 0),
    });
    await until(() => ids.length === 2 && workers().length === 0);
    const began = performance.now();
    await until(() => performance.now() - began > 300);
    assert.equal(ids.length, 2);
    await until(() => ids.length === 3);
    assert.ok(performance.now() - began > 900, "a second later");
    await pool.shutdown();
  },
);

test("a task needs no wait, however its worker died before", limits, async (t) => {
  const ids = starts(t);
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, minWorkers: 1 });
  for (let n = 0; n < 4; n++) {
    const began = performance.now();
    assert.equal(await pool.submit((x: number) => x, n), n);
    assert.ok(performance.now() - began < WATCHDOG / 4);
    const [worker] = workers();
    await worker.terminate();
    await until(() => !workers().includes(worker));
  }
  assert.ok(ids.length >= 4 && ids.length <= 6, `${ids.length} were started`);
});

test("a pool with minWorkers that is no longer reachable is closed", limits, async () => {
  const { length } = createdIds();
  (() => {
    void new InterpreterPoolExecutor({ maxWorkers: 1, minWorkers: 1 });
  })();
  assert.equal(createdIds().length, length + 1);
  await until(() => {
    gc();
    return createdIds().length === length;
  }, "its interpreter is gone");
});

test("a subscriber that ends a new worker, or the pool, leaves each task one outcome", limits, async (t) => {
  let act: ((pool: InterpreterPoolExecutor, worker: Interpreter) => void) | undefined;
  const note = (message: unknown): void => {
    const { executor, interpreterId } = message as WorkerEvent;
    const once = act;
    act = undefined;
    once?.(executor, new Interpreter(interpreterId));
  };
  subscribe("interpreters:worker:start", note);
  t.after(() => unsubscribe("interpreters:worker:start", note));
  const ways: [string, unknown, typeof act][] = [
    ["terminate", 1, (_, worker) => void worker.terminate()],
    ["terminateSync", 1, (_, worker) => worker.terminateSync()],
    ["closeSync", 1, (_, worker) => worker.closeSync()],
    ["shutdown", 1, (pool) => void pool.shutdown()],
    ["shutdown and cancel", "CancelledError", (pool) => void pool.shutdown({ cancelFutures: true })],
    ["terminateWorkers", "CancelledError", (pool) => void pool.terminateWorkers()],
  ];
  for (const [name, expected, way] of ways) {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    act = way;
    const future = pool.submit(() => 1);
    assert.equal(await future.then(Number, (error: Error) => error.name), expected, name);
    const { queued, running, completed, cancelled } = pool.stats();
    assert.deepEqual([queued, running, completed + cancelled], [0, 0, 1], name);
    await pool.shutdown();
    assert.equal(workers().length, 0, name);
  }
});

test("a worker that cannot be created is tried again later, not with each task", limits, async () => {
  let attempts = 0;
  let refused = false;
  const sink = {
    // `create` refuses a sink without this.
    get write(): (text: string) => void {
      attempts++;
      return refused ? (undefined as never) : () => {};
    },
  };
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 3, stdout: sink });
  const gate = new Gate();
  const task = (queue: typeof gate.queue): unknown => queue.getSync();
  const futures = [pool.submit(task, gate.queue)];
  await until(() => futures[0].running());
  try {
    refused = true;
    futures.push(pool.submit(task, gate.queue));
    attempts = 0;
    for (let n = 0; n < 20; n++) futures.push(pool.submit(Math.abs, n));
    assert.equal(attempts, 0);
    refused = false;
    await until(() => workers().length === 3);
  } finally {
    gate.open(2);
  }
  await Promise.all(futures);
});

test("nothing is started after a shutdown", limits, async (t) => {
  const { length } = starts(t);
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2, minWorkers: 2 });
  const gate = new Gate();
  const future = pool.submit((queue: typeof gate.queue) => queue.getSync(), gate.queue);
  await until(() => future.running());
  const ended = pool.shutdown();
  const other = workers().find((worker) => !worker.isRunning());
  await other?.terminate();
  gate.open();
  await ended;
  assert.deepEqual([workers().length, length], [0, 0]);
});
