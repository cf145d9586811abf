/** Behaviours of executors that CPython tests and no other test here covers. README.md has the whole list. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  asCompleted,
  CancelledError,
  type Future,
  fromModule,
  InterpreterError,
  InterpreterPoolExecutor,
  type Queue,
  wait,
} from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { claimSlot, freeSlot } from "../../src/kernel/registry.js";
import type { Slot } from "../../src/memory/brands.js";
import { WHENCE_UNKNOWN } from "../../src/memory/layout.js";
import {
  assertEnded,
  busyPool,
  channel,
  Gate,
  outcome,
  rejection,
  startScenario,
  until,
  WATCHDOG,
} from "../support/processes.js";
import { createdIds, gc } from "../support/queues.js";

const limits = { timeout: WATCHDOG };
const scenarios = new URL("./cpython.scenarios.js", import.meta.url);
const { leaveOneBehind, areAllGone } = fromModule<typeof import("./behind.js")>(
  new URL("./behind.js", import.meta.url),
);
/** How many there are. Counted without handles, which would keep them reachable. */
const workers = (): number => createdIds().length;

/** Waits until an object is garbage. */
const collected = async (ref: WeakRef<object>): Promise<void> =>
  await until(() => {
    gc();
    return ref.deref() === undefined;
  }, "it is collected");

test(
  "a done callback that throws is told of, and the others are called (test_done_callback_raises)",
  limits,
  async (t) => {
    const told: unknown[] = [];
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => told.push(error));
    t.after(() => {
      process.removeAllListeners("uncaughtException");
      for (const other of others) process.on("uncaughtException", other);
    });
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const future = pool.submit(() => 5);
    let called = 0;
    const doh = (): void => {
      throw new Error("doh!");
    };
    future.addDoneCallback(doh);
    future.addDoneCallback(() => called++);
    assert.equal(await future, 5);
    future.addDoneCallback(doh);
    future.addDoneCallback(() => called++);
    await until(() => told.length === 2 && called === 2);
    assert.ok(told.every((error) => (error as Error).message === "doh!"));
  },
);

test("a future shows what became of it (test_repr)", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const waiting = pool.submit(() => 1);
  assert.equal(inspect(waiting), "Future <waiting>");
  assert.equal(inspect(busy[0]), "Future <running>");
  waiting.cancel();
  assert.equal(inspect(waiting), "Future <cancelled>");
  const failing = pool.submit(() => {
    throw new RangeError("far");
  });
  const error = rejection(failing);
  gate.open();
  await Promise.all([busy[0], error]);
  assert.equal(inspect(busy[0]), "Future <finished, returned string>");
  assert.equal(inspect(failing), "Future <finished, threw RangeError>");
  await pool.shutdown();
});

test("who waits for a result when it is cancelled is told so (test_result_with_cancel)", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const future = pool.submit(() => 1);
  const waiting = outcome(future.result(WATCHDOG));
  future.cancel();
  const result = await waiting;
  assert.ok("error" in result && result.error instanceof CancelledError);
  gate.open();
  await busy[0];
  await pool.shutdown();
});

test("arguments are not kept once a task is in line or done (test_no_stale_references)", limits, async () => {
  for (const retries of [0, 1]) {
    const { pool, gate, busy } = await busyPool(1, { retries });
    let future: Future<unknown> | undefined;
    const submitted = (): WeakRef<object> => {
      const argument = { large: new Uint8Array(1000) };
      future = pool.submit((x: object) => Object.keys(x), argument);
      return new WeakRef(argument);
    };
    const argument = submitted();
    // A task with retries needs its argument until it is done.
    if (retries === 0) await collected(argument);
    gate.open();
    assert.deepEqual(await future, ["large"]);
    await collected(argument);
    await busy[0];
    await pool.shutdown();
  }
});

test("a discarded future's result is not kept", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const discarded = (): WeakRef<object> => new WeakRef(pool.submit(() => new Uint8Array(10)));
  const future = discarded();
  await pool.submit(() => 1);
  await collected(future);
});

test("map keeps none of the results that it gave but the last (test_free_reference)", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  for (const chunksize of [1, 4]) {
    const results = pool.map((n: number) => ({ n }), [0, 1, 2, 3, 4, 5, 6, 7], { chunksize });
    const next = async (): Promise<WeakRef<object>> => new WeakRef((await results.next()).value as object);
    let before = await next();
    for (let i = 1; i < 8; i++) {
      const last = await next();
      await collected(before);
      before = last;
    }
    await results.return();
  }
});

test(
  "asCompleted does not keep the futures that it gave (test_free_reference_yielded_future)",
  limits,
  async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const start = (): AsyncIterator<{ future: object } | undefined> =>
      asCompleted(Array.from({ length: 8 }, (_, n) => pool.submit((x: number) => x, n)));
    const results = start();
    const next = async (): Promise<WeakRef<object>> => {
      const { value } = (await results.next()) as { value: { future: object } };
      return new WeakRef(value.future);
    };
    for (let i = 0; i < 8; i++) await collected(await next());
  },
);

test("however many tasks wait, there are no more than maxWorkers (test_saturation)", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 3 });
  const gate = new Gate();
  const futures = Array.from({ length: 45 }, () =>
    pool.submit((q: Queue<number, never>) => q.getSync(), gate.queue),
  );
  await until(() => futures.filter((future) => future.running()).length === 3);
  assert.equal(workers(), 3);
  gate.open(45);
  await pool.shutdown();
  assert.ok(futures.every((future) => future.done()));
});

test("a hundred futures that end at once are all waited for (test_pending_calls_race)", limits, async () => {
  const { pool, gate, busy } = await busyPool(2);
  const futures = Array.from({ length: 100 }, () => pool.submit(() => 0));
  gate.open(2);
  const { done, notDone } = await wait([...busy, ...futures]);
  assert.deepEqual([done.size, notDone.size], [102, 0]);
  await pool.shutdown();
});

test(
  "shutdown waits for many short tasks, and for a map that nobody reads (bpo-12364, bpo-12456)",
  limits,
  async () => {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const futures = Array.from({ length: 50 }, (_, n) => pool.submit((x: number) => x, n));
    pool.map(String, [2, 2, 2]);
    await pool.shutdown();
    assert.deepEqual(
      futures.map((future) => future.resultSync(0)),
      futures.map((_, n) => n),
    );
  },
);

test("a task that is cancelled right before shutdown does not hold it up (gh-94440)", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  assert.equal(await pool.submit(() => 1), 1);
  const last = outcome(pool.submit(() => 2));
  await pool.shutdown({ cancelFutures: true });
  await last;
  const other = new InterpreterPoolExecutor({ maxWorkers: 1 });
  other.submit(() => 1).cancel();
  await other.shutdown();
  assert.equal(workers(), 0);
});

test("shutdown without wait lets recycled workers' tasks end (gh-132969)", limits, async () => {
  for (const maxWorkers of [2, 4]) {
    const pool = new InterpreterPoolExecutor({ maxWorkers, maxTasksPerInterpreter: 1 });
    const tasks = [1, 2, 3].map((n) =>
      pool.submit((x: number) => {
        if (x === 2) throw new Error("fails");
        return x;
      }, n),
    );
    const results = Promise.all(tasks.map(outcome));
    await pool.shutdown({ wait: false });
    const [first, second, third] = await results;
    assert.deepEqual([first, third], [{ value: 1 }, { value: 3 }]);
    assert.ok("error" in second);
    await pool.shutdown();
    assert.equal(workers(), 0);
  }
});

test("a pool that everybody forgot finishes its tasks first (test_del_shutdown)", limits, async () => {
  const gate = new Gate();
  const start = (): Future<number>[] => {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2, maxTasksPerInterpreter: 2 });
    return Array.from({ length: 8 }, (_, n) =>
      pool.submit(
        (queue: typeof gate.queue, x: number) => {
          queue.getSync();
          if (x === 3) process.exit(1);
          return x;
        },
        gate.queue,
        n,
      ),
    );
  };
  const futures = start();
  await until(() => futures[0].running());
  for (let i = 0; i < 5; i++) gc();
  gate.open(8);
  const results = await Promise.all(futures.map(outcome));
  for (const [n, result] of results.entries()) {
    if (n === 3) assert.ok("error" in result);
    else assert.deepEqual(result, { value: n });
  }
  // test/process/environment.test.ts ("forgotten") shows that its interpreters are collected then.
});

test(
  "map: a time limit gives what is there in time, and cancels the rest (test_map_timeout)",
  limits,
  async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    await pool.submit(() => 0);
    const gate = new Gate();
    const ran = channel<number>();
    const items = [0, 1, 2, 3].map((n) => [gate.queue, ran, n] as const);
    const results = pool.map(
      ([queue, log, n]: (typeof items)[number]) => {
        log.putSync(n);
        if (n === 2) queue.getSync();
        return n;
      },
      items,
      { timeout: 2000 },
    );
    const given: number[] = [];
    const error = await rejection(
      (async () => {
        for await (const n of results) given.push(n);
      })(),
    );
    assert.equal(error.name, "TimeoutError");
    assert.deepEqual(given, [0, 1]);
    gate.open();
    await pool.submit(() => 0);
    assert.equal(ran.qsize(), 3, "the last one was cancelled");
  },
);

test(
  "workers keep neither arguments nor results of tasks that are done (test_ressources_gced_in_workers)",
  limits,
  async () => {
    for (const concurrency of [1, 4]) {
      await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency });
      for (const how of ["returned", "later", "thrown"] as const) {
        const tasks = [1, 2, 3, 4].map((n) =>
          outcome(pool.submit(leaveOneBehind, { n, bytes: new Uint8Array(5000) }, how)),
        );
        await Promise.all(tasks);
      }
      while (!(await pool.submit(areAllGone, 24))) await new Promise((resolve) => setImmediate(resolve));
    }
  },
);

test(
  "shutdown right after tasks that each take an interpreter (test_max_tasks_early_shutdown)",
  limits,
  async () => {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 3, maxTasksPerInterpreter: 1 });
    const futures = [0, 1, 2, 3, 4, 5].map((n) => pool.submit((x: number) => x * x, n));
    await pool.shutdown();
    assert.deepEqual(
      futures.map((future) => future.resultSync(0)),
      [0, 1, 4, 9, 16, 25],
    );
  },
);

test(
  "the last worker cannot be replaced: tasks in line fail, and say why (test_failed_worker_replacement_breaks_pool)",
  limits,
  async () => {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1, maxTasksPerInterpreter: 1 });
    const gate = new Gate();
    const pass = (queue: typeof gate.queue): string => {
      queue.getSync();
      return "passed";
    };
    const futures = [1, 2, 3].map(() => pool.submit(pass, gate.queue));
    await until(() => futures[0].running());
    // Takes all other slots of the process.
    const { m } = runtime();
    const places: Slot[] = [];
    for (let slot = claimSlot(m, WHENCE_UNKNOWN); slot !== -1; slot = claimSlot(m, WHENCE_UNKNOWN))
      places.push(slot);
    gate.open(3);
    assert.equal(await futures[0], "passed");
    for (const future of futures.slice(1)) {
      const error = await rejection<InterpreterError>(future);
      assert.ok(error instanceof InterpreterError);
      assert.match(error.message, /none can be started/);
      assert.match(error.stack ?? "", /cpython\.test\.js/, "the stack leads to the submit");
      assert.equal(error.code, "ERR_INTERPRETER_LIMIT");
    }
    for (const slot of places) freeSlot(m, slot);
    assert.equal(await pool.submit(() => "goes on"), "goes on");
    await pool.shutdown();
  },
);

for (const scenario of ["neverShutDown", "shutDownWithoutWaiting", "shutDownAndCancel"]) {
  test(`the program ends after the tasks that run (${scenario}; gh-83386)`, limits, async () => {
    assertEnded(await startScenario(scenarios, scenario).ended, { code: 0, stdout: "apple\n" });
  });
}
