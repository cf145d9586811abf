/** The end of an interpreter that runs several tasks at a time (`concurrency`), and the outcome of each of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DeathReason,
  type Future,
  fromModule,
  InterpreterDiedError,
  InterpreterPoolExecutor,
} from "interpreters";
import { memoryLimits, withoutMemoryLimits } from "../support/memory.js";
import { deathByLimit } from "../support/ways.js";
import { channel, Gate, outcome, rejection, until, WATCHDOG } from "../support/processes.js";
import { full, wait, workers } from "./several.js";

const limits = { timeout: WATCHDOG };

/** Each way in which one task ends its interpreter: the reason that this task fails with, and that of the others. */
const ends: Record<
  string,
  { reason: DeathReason; others: DeathReason; submit(pool: InterpreterPoolExecutor): Future<unknown> }
> = {
  "a time limit": {
    reason: "timeout",
    others: "timeout",
    submit: (pool) => pool.with({ timeout: 20 }).submit(() => new Promise(() => {})),
  },
  "a time limit on a task that computes": {
    reason: "timeout",
    others: "timeout",
    submit: (pool) =>
      pool.with({ timeout: 20 }).submit(() => {
        for (;;);
      }),
  },
  "a signal": {
    reason: "aborted",
    others: "aborted",
    submit(pool) {
      const controller = new AbortController();
      const future = pool.with({ signal: controller.signal }).submit(() => new Promise(() => {}));
      void until(() => future.running()).then(() => controller.abort());
      return future;
    },
  },
  "process.exit()": {
    reason: "exit",
    others: "terminated",
    submit: (pool) => pool.submit(() => process.exit(1)),
  },
  "process.exit() later": {
    reason: "exit",
    others: "terminated",
    submit: (pool) =>
      pool.submit(async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        process.exit(1);
      }),
  },
  "an exception in a timer": {
    reason: "uncaught-exception",
    others: "terminated",
    submit: (pool) =>
      pool.submit(() => {
        setTimeout(() => {
          throw new Error("its own");
        }, 1);
        return new Promise(() => {});
      }),
  },
  "a rejection that nobody handles": {
    reason: "uncaught-exception",
    others: "terminated",
    submit: (pool) =>
      pool.submit(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        void Promise.reject(new Error("its own"));
        await new Promise(() => {});
      }),
  },
  "an exception in a timer that a task before has left": {
    reason: "uncaught-exception",
    others: "uncaught-exception",
    submit(pool) {
      const left = channel<number>();
      void pool.submit((queue: typeof left) => {
        const timer = setInterval(() => {
          if (queue.qsize() === 0) return;
          clearInterval(timer);
          throw new Error("its own");
        }, 1);
      }, left);
      const future = pool.submit(() => new Promise(() => {}));
      void until(() => future.running()).then(() => left.putNowait(1));
      return future;
    },
  },
  "terminate()": {
    reason: "terminated",
    others: "terminated",
    submit(pool) {
      const future = pool.submit(() => new Promise(() => {}));
      void until(() => future.running()).then(() => workers()[0].terminate());
      return future;
    },
  },
  "no memory": {
    reason: "out-of-memory",
    others: "out-of-memory",
    submit: (pool) =>
      pool.submit(() => {
        const hoard: number[][] = [];
        for (;;) hoard.push(Array.from({ length: 1000 }, Math.random));
      }),
  },
};

for (const [name, { reason, others, submit }] of Object.entries(ends)) {
  test(
    `${name} ends all that runs in that interpreter, each with its own reason, and nothing else`,
    { ...limits, skip: reason === "out-of-memory" && withoutMemoryLimits },
    async () => {
      const limit = memoryLimits({ maxOldGenerationSizeMb: 32 });
      const { pool, gate, waiting } = await full(3, { concurrency: 5, ...limit });
      const [before] = workers();
      const guilty = rejection(submit(pool));
      const inLine = Array.from({ length: 8 }, () => pool.submit(wait, gate.queue));
      const errors = await Promise.all(waiting.map((future) => rejection<InterpreterDiedError>(future)));
      for (const error of errors) {
        assert.ok(error instanceof InterpreterDiedError, String(error));
        assert.equal(error.interpreterId, before.id);
      }
      const rejected = await guilty;
      // A task that a signal ended has the signal's reason.
      if (reason === "aborted") assert.equal(rejected.name, "AbortError");
      else {
        const error = reason === "timeout" ? deathByLimit(rejected) : rejected;
        assert.ok(error instanceof InterpreterDiedError, String(error));
        assert.deepEqual([error.interpreterId, error.reason], [before.id, reason]);
        if (reason === "uncaught-exception") assert.equal((error.cause as Error).message, "its own");
      }
      assert.deepEqual(
        errors.map((error) => error.reason),
        [others, others, others],
      );
      if (others !== reason || reason === "timeout" || reason === "aborted") {
        assert.match(errors[0].message, new RegExp(`because of other work .*\\(${reason}\\)`));
        assert.equal(errors[0].cause, undefined);
      }
      gate.open(8);
      const settled = await Promise.all(inLine.map((future) => outcome(future)));
      // At most the tasks that were taken beside it died with it.
      const died = settled.filter((result) => "error" in result);
      assert.ok(died.length <= 1, `${died.length} of those in line died`);
      assert.notEqual(workers()[0]?.id, before.id);
      await pool.shutdown();
    },
  );
}

test("innocent tasks are run again elsewhere, the one that is aborted is not", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 3, retries: 1 });
  const [begun, gate] = [channel<number>(), new Gate()];
  const controller = new AbortController();
  const run = async (queue: typeof begun, at: Gate["queue"], n: number): Promise<number> => {
    queue.putNowait(n);
    await at.get();
    return n;
  };
  const innocent = [1, 2].map((n) => pool.submit(run, begun, gate.queue, n));
  const aborted = pool.with({ signal: controller.signal }).submit(run, begun, gate.queue, 3);
  await until(() => begun.qsize() === 3);
  controller.abort();
  assert.equal(await rejection(aborted), controller.signal.reason);
  await until(() => begun.qsize() === 5);
  gate.open(2);
  assert.deepEqual(await Promise.all(innocent), [1, 2]);
  assert.deepEqual(
    Array.from({ length: begun.qsize() }, () => begun.getNowait()).sort((a, b) => a - b),
    [1, 1, 2, 2, 3],
  );
  await pool.shutdown();
});

test(
  "of two tasks that are stopped at once, each has its own reason, or was gone already",
  limits,
  async () => {
    for (let round = 0; round < 5; round++) {
      const pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 2 });
      const [controller, begun] = [new AbortController(), channel<number>()];
      const hang = async (queue: typeof begun): Promise<void> => {
        await queue.put(1);
        await new Promise(() => {});
      };
      const timedOut = pool.with({ timeout: 30 }).submit(hang, begun);
      const aborted = pool.with({ signal: controller.signal }).submit(hang, begun);
      const ended = [timedOut, aborted].map((future) => rejection<InterpreterDiedError>(future));
      // On a loaded machine the first task may be stopped before the second has begun, which then dies with it.
      await until(() => begun.qsize() === 2 || timedOut.done());
      const began = performance.now();
      await until(() => performance.now() - began > 24 + round);
      controller.abort();
      const [first, second] = await Promise.all(ended);
      // The second was aborted, or was gone already.
      if (second.name !== "AbortError") assert.equal(second.reason, "timeout");
      if (first.name !== "TimeoutError") assert.equal(first.reason, "aborted");
      assert.ok(first.name === "TimeoutError" || second.name === "AbortError");
      await pool.shutdown();
    }
  },
);

test("a time limit that was not needed stops nothing later, wherever it runs", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 3 });
  const later = async (n: number): Promise<number> => {
    await new Promise((resolve) => setImmediate(resolve));
    return n;
  };
  const limit = 400;
  const began = performance.now();
  const quick = Array.from({ length: 30 }, (_, n) => pool.with({ timeout: limit }).submit(later, n));
  await Promise.all(quick);
  const gate = new Gate();
  const long = [1, 2, 3].map(() => pool.submit(wait, gate.queue));
  await until(() => performance.now() - began > limit + 200);
  assert.ok(long.every((future) => future.running()));
  gate.open(3);
  await Promise.all(long);
  await pool.shutdown();
});

test(
  "an exception that somebody handles ends nothing, and blames nobody for what comes later",
  limits,
  async () => {
    const { pool, gate, waiting } = await full(1, { concurrency: 2 });
    await pool.submit(async () => {
      process.on("uncaughtException", () => {});
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          setTimeout(resolve, 1);
          throw new Error("handled");
        });
      });
    });
    const [worker] = workers();
    assert.equal(waiting[0].running(), true);
    await worker.terminate();
    const error = await rejection<InterpreterDiedError>(waiting[0]);
    assert.equal(error.reason, "terminated");
    assert.doesNotMatch(error.message, /other work/);
    gate.open();
    await pool.shutdown();
  },
);

test("what an interpreter does while it is being stopped is no answer", limits, async () => {
  const { whenLoaded } = fromModule<typeof import("./stuck.js")>(new URL("./stuck.js", import.meta.url));
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 3 });
  const stopped = pool.with({ timeout: 100 }).submit(() => new Promise(() => {}));
  const ended = [stopped, pool.submit(whenLoaded)].map((future) => rejection<InterpreterDiedError>(future));
  // An interpreter that went on after all would begin these, and they would fail.
  const next = [1, 2, 3].map((n) => outcome(pool.submit((x: number) => x, n)));
  const [own, other] = await Promise.all(ended);
  deathByLimit(own);
  assert.equal(other.reason, "timeout");
  const died = (await Promise.all(next)).filter((result) => "error" in result);
  assert.ok(died.length <= 1, "one may have been taken");
  await pool.shutdown();
});
