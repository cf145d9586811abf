/** A worker that dies fails the task that it was running, and no other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DeathReason,
  type Future,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  listAll,
  type Queue,
} from "interpreters";
import { memoryLimits, withoutMemoryLimits } from "../support/memory.js";
import { deathByLimit } from "../support/ways.js";
import { busyPool, channel, Gate, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const { whenLoaded } = fromModule<typeof import("./stuck.js")>(new URL("./stuck.js", import.meta.url));
const { neverLoaded } = fromModule<typeof import("./exits.js")>(new URL("./exits.js", import.meta.url));
const workers = (): Interpreter[] => listAll().filter((interp) => interp.whence === "interpreters module");

async function death(future: Future<unknown>): Promise<InterpreterDiedError> {
  const rejected = await rejection(future);
  const error = rejected.name === "TimeoutError" ? deathByLimit(rejected) : rejected;
  assert.ok(error instanceof InterpreterDiedError, String(error));
  assert.equal(error.code, "ERR_INTERPRETER_DIED");
  return error;
}

/** Each way in which a task can take its worker with it. */
const ways: Record<
  string,
  { reason: DeathReason; exitCode?: number; submit(pool: InterpreterPoolExecutor): Future<unknown> }
> = {
  "process.exit(3)": { reason: "exit", exitCode: 3, submit: (pool) => pool.submit(() => process.exit(3)) },
  "process.exit(0) after awaiting": {
    reason: "exit",
    exitCode: 0,
    submit: (pool) =>
      pool.submit(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        process.exit(0);
      }),
  },
  "process.exit(4) while a module loads": {
    reason: "exit",
    exitCode: 4,
    submit: (pool) => pool.submit(neverLoaded),
  },
  "its time limit while a module loads": {
    reason: "timeout",
    submit: (pool) => pool.with({ timeout: 100 }).submit(whenLoaded),
  },
  "out of memory": {
    reason: "out-of-memory",
    submit: (pool) =>
      pool.submit(() => {
        const hoard: number[][] = [];
        for (;;) hoard.push(Array.from({ length: 1000 }, Math.random));
      }),
  },
  "an exception thrown from a timer": {
    reason: "uncaught-exception",
    submit: (pool) =>
      pool.submit(async () => {
        setTimeout(() => {
          throw new Error("from a timer");
        }, 0);
        await new Promise(() => {});
      }),
  },
  "a rejection that nobody handles": {
    reason: "uncaught-exception",
    submit: (pool) =>
      pool.submit(async () => {
        void Promise.reject(new Error("unhandled"));
        await new Promise(() => {});
      }),
  },
  "its time limit": {
    reason: "timeout",
    submit: (pool) =>
      pool.with({ timeout: 20 }).submit(() => {
        for (;;);
      }),
  },
  "its time limit while it awaits": {
    reason: "timeout",
    submit: (pool) => pool.with({ timeout: 20 }).submit(() => new Promise(() => {})),
  },
  "its time limit while it blocks": {
    reason: "timeout",
    submit: (pool) =>
      pool.with({ timeout: 20 }).submit((queue: Queue<number>) => queue.getSync(), channel<number>()),
  },
  "terminate()": {
    reason: "terminated",
    submit(pool) {
      const future = pool.submit(() => {
        for (;;);
      });
      const stop = async (): Promise<void> => {
        await until(() => future.running());
        await Promise.all(workers().map((worker) => worker.terminate()));
      };
      void stop();
      return future;
    },
  },
};

for (const [way, { reason, exitCode, submit }] of Object.entries(ways)) {
  test(
    `a worker ended by ${way} fails that task with the reason, and is replaced`,
    { ...limits, skip: reason === "out-of-memory" && withoutMemoryLimits },
    async () => {
      await using pool = new InterpreterPoolExecutor({
        maxWorkers: 1,
        ...memoryLimits({ maxOldGenerationSizeMb: 32 }),
      });
      await pool.submit(() => 0);
      const [before] = workers();
      const victim = submit(pool);
      const queued = [1, 2, 3].map((n) => pool.submit((x: number) => x * 2, n));
      const error = await death(victim);
      assert.equal(error.reason, reason);
      assert.equal(error.interpreterId, before.id);
      if (exitCode !== undefined) assert.equal(error.exitCode, exitCode);
      assert.match(error.stack ?? "", /deaths\.test\.js/, "the stack leads to the submit");
      assert.equal(victim.done(), true);
      assert.equal(victim.running(), false);
      assert.deepEqual(await Promise.all(queued), [2, 4, 6]);
      const [after, ...more] = workers();
      assert.deepEqual(more, []);
      assert.notEqual(after.id, before.id);
    },
  );
}

test(
  "a worker ended by an abort signal fails that task with the signal's reason, and is replaced",
  limits,
  async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    await pool.submit(() => 0);
    const [before] = workers();
    const controller = new AbortController();
    const victim = pool.with({ signal: controller.signal }).submit(() => {
      for (;;);
    });
    const queued = [1, 2, 3].map((n) => pool.submit((x: number) => x * 2, n));
    await until(() => victim.running());
    controller.abort("enough");
    assert.equal(await rejection(victim), "enough");
    assert.deepEqual(await Promise.all(queued), [2, 4, 6]);
    assert.notEqual(workers()[0].id, before.id);
  },
);

test("the exception that killed a worker is the cause of what its task fails with", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const error = await death(ways["an exception thrown from a timer"].submit(pool));
  assert.ok(error.cause instanceof Error);
  assert.equal(error.cause.message, "from a timer");
});

test("deaths are seen, and workers replaced, while the main thread blocks", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const victims = [1, 2, 3].map((code) => pool.submit((c: number) => process.exit(c), code));
  const last = pool.submit(() => "last");
  assert.equal(last.resultSync(WATCHDOG), "last");
  for (const [i, victim] of victims.entries()) {
    assert.throws(
      () => victim.resultSync(),
      (error) => error instanceof InterpreterDiedError && error.exitCode === i + 1,
    );
  }
});

test("a task is run again as often as retries allow when its worker dies", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 2 });
  const attempts = channel<number>();
  const dieUnlessTry = (queue: Queue<number>, enough: number): string => {
    queue.putSync(0);
    if (queue.qsize() < enough) process.exit(queue.qsize());
    return `try ${queue.qsize()}`;
  };
  assert.equal(await pool.submit(dieUnlessTry, attempts, 3), "try 3");
  const more = channel<number>();
  const error = await death(pool.submit(dieUnlessTry, more, 5));
  assert.equal(more.qsize(), 3, "once, and two retries");
  assert.equal(error.exitCode, 3, "the last death is told");
});

test("an exception is an answer: a task that throws is not run again", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 3 });
  const attempts = channel<number>();
  const error = await rejection(
    pool.submit((queue: Queue<number>) => {
      queue.putSync(0);
      throw new Error("on purpose");
    }, attempts),
  );
  assert.equal(error.message, "on purpose");
  assert.equal(attempts.qsize(), 1);
});

test("a task that is aborted is not run again", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 3 });
  const attempts = channel<number>();
  const controller = new AbortController();
  const future = pool.with({ signal: controller.signal }).submit((queue: Queue<number>) => {
    queue.putSync(0);
    for (;;);
  }, attempts);
  await until(() => attempts.qsize() === 1);
  controller.abort();
  assert.equal(await rejection(future), controller.signal.reason);
  assert.deepEqual([future.cancelled(), pool.stats().cancelled, pool.stats().failed], [false, 1, 0]);
  assert.equal(attempts.qsize(), 1);
});

test("a task is run again with the arguments that it was submitted with", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 2 });
  const gate = new Gate();
  const seen = channel<unknown>();
  const argument: Record<string, unknown> = { kept: [1], large: new Uint8Array(5000).fill(3) };
  const future = pool.submit(
    (queue: Queue<number>, log: typeof seen, given: unknown) => {
      queue.getSync();
      log.putSync(given);
      if (log.qsize() < 3) process.exit(1);
      return given;
    },
    gate.queue,
    seen,
    argument,
  );
  await until(() => future.running());
  argument["callback"] = () => {};
  (argument["kept"] as number[]).push(2);
  (argument["large"] as Uint8Array).fill(4);
  gate.open(3);
  const expected = { kept: [1], large: new Uint8Array(5000).fill(3) };
  assert.deepEqual(await future, expected);
  assert.deepEqual(
    [1, 2, 3].map(() => seen.getNowait()),
    [expected, expected, expected],
  );
});

test("a task whose signal is aborted while it waits in line never runs", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const ran = channel<number>();
  const controller = new AbortController();
  const future = pool
    .with({ signal: controller.signal })
    .submit((queue: Queue<number>) => queue.putSync(1), ran);
  const after = pool.submit((queue: Queue<number>) => queue.qsize(), ran);
  const reason = new Error("changed my mind");
  controller.abort(reason);
  assert.equal(await rejection(future), reason);
  gate.open();
  assert.equal(await busy[0], "passed");
  assert.equal(await after, 0);
  assert.equal(await rejection(pool.with({ signal: controller.signal }).submit(() => 1)), reason);
  await pool.shutdown();
});

test("a time limit counts from when the task begins, not from when it is submitted", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const limit = 1500;
  const inLine = pool.with({ timeout: limit }).submit(() => "in time");
  const submitted = performance.now();
  await until(() => performance.now() - submitted > limit + 100);
  assert.equal(inLine.done(), false);
  gate.open();
  assert.deepEqual([await busy[0], await inLine], ["passed", "in time"]);
  await pool.shutdown();
});

test("a time limit that was not needed stops nothing later", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const quick = pool.with({ timeout: 500 });
  const began = performance.now();
  for (let n = 0; n < 20; n++) assert.equal(await quick.submit((x: number) => x, n), n);
  const gate = new Gate();
  const long = pool.submit((queue: Queue<number>) => queue.getSync(), gate.queue);
  await until(() => long.running());
  await until(() => performance.now() - began > 700);
  assert.equal(long.running(), true);
  gate.open();
  await long;
  assert.equal(workers().length, 1);
});

test("every future settles exactly once when all workers die over and over", limits, async () => {
  const calls = channel<number>();
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const futures = Array.from({ length: 40 }, (_, n) =>
    pool.submit(
      (queue: Queue<number>, x: number) => {
        queue.putSync(x);
        if (x % 3 === 0) process.exit(x);
        return x;
      },
      calls,
      n,
    ),
  );
  let settled = 0;
  for (const future of futures) {
    future.catch(() => {}); // observed below, one by one
    future.addDoneCallback(() => settled++);
  }
  for (const [n, future] of futures.entries()) {
    if (n % 3 === 0) assert.equal((await death(future)).exitCode, n);
    else assert.equal(await future, n);
  }
  await pool.shutdown();
  assert.equal(settled, 40);
  const ran = Array.from({ length: calls.qsize() }, () => calls.getNowait());
  assert.deepEqual(
    ran.sort((a, b) => a - b),
    futures.map((_, n) => n),
    "each ran once",
  );
  assert.deepEqual(workers(), []);
});
