/**
 * Failures that other worker pools handle wrongly, one test for each. Measured on Node 20 with piscina 5.3.2, tinypool 2.2.0,
 * workerpool 10.0.3 and poolifier 5.3.2; the comments say what happened to the victim there.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fromModule,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  NotShareableError,
  type Queue,
} from "interpreters";
import { withoutMemoryLimits } from "../support/memory.js";
import { deathByLimit } from "../support/ways.js";
import { channel, outcome, rejection, startScenario, until, WATCHDOG } from "../support/processes.js";
import { errorOf, withBystanders, workers } from "./arrange.js";

const limits = { timeout: WATCHDOG };

// tinypool, poolifier: pending forever, and destroy() hangs or the next task is lost. workerpool: queued tasks stall.
test("process.exit(1) in a task", limits, async () => {
  const error = errorOf(await withBystanders((pool) => pool.submit(() => process.exit(1))));
  assert.ok(error instanceof InterpreterDiedError);
  assert.deepEqual([error.reason, error.exitCode], ["exit", 1]);
});

// poolifier: pending, and the next task is lost. workerpool: the reason is only on `cause`.
test("out of memory in a task", { ...limits, skip: withoutMemoryLimits }, async () => {
  const result = await withBystanders((pool) =>
    pool.submit(() => {
      const hoard: number[][] = [];
      for (;;) hoard.push(Array.from({ length: 1000 }, Math.random));
    }),
  );
  const error = errorOf(result);
  assert.ok(error instanceof InterpreterDiedError);
  assert.equal(error.reason, "out-of-memory");
});

// workerpool: the slot is held for two seconds. poolifier: never settles, and keeps feeding the stuck worker.
// tinypool: the reason of the abort is dropped.
test("cancelling an endless loop", limits, async () => {
  const controller = new AbortController();
  const error = errorOf(
    await withBystanders((pool) => {
      const future = pool.with({ signal: controller.signal }).submit(() => {
        for (;;);
      });
      void until(() => future.running()).then(() => controller.abort());
      return future;
    }),
  );
  assert.equal(error, controller.signal.reason);
  const timedOut = errorOf(
    await withBystanders((pool) =>
      pool.with({ timeout: 30 }).submit(() => {
        for (;;);
      }),
    ),
  );
  deathByLimit(timedOut);
});

/** Leaves a timer behind that throws once the next task has announced that it runs. */
function leaveTimer(running: Queue<number>): void {
  const timer = setInterval(() => {
    if (running.qsize() === 0) return;
    clearInterval(timer);
    throw new TypeError("foreign");
  }, 1);
}

async function innocent(running: Queue<number>): Promise<string> {
  running.putSync(1);
  // The timer only exists the first time.
  if (running.qsize() === 1) await new Promise(() => {});
  return "done";
}

// piscina, tinypool, workerpool: the innocent task fails with an error that is not its own. poolifier: pending.
test("an exception thrown from a timer that another task left, while a task runs", limits, async () => {
  const running = channel<number>();
  const result = await withBystanders(async (pool) => {
    await pool.submit(leaveTimer, running);
    return await pool.submit(innocent, running);
  });
  const error = errorOf(result);
  assert.ok(
    error instanceof InterpreterDiedError,
    "it says that the interpreter died, which is what happened to it",
  );
  assert.equal(error.reason, "uncaught-exception");
  assert.ok(error.cause instanceof TypeError && error.cause.message === "foreign", "and what of");
});

test("the same with retries: the innocent task is run again", limits, async () => {
  const running = channel<number>();
  const result = await withBystanders(
    async (pool) => {
      await pool.submit(leaveTimer, running);
      return await pool.submit(innocent, running);
    },
    { retries: 1 },
  );
  assert.deepEqual(result, { value: "done" });
});

// piscina, tinypool, poolifier: the whole program crashes. workerpool: the next task fails.
test("an exception thrown from a timer while its worker is idle", limits, async () => {
  const scenarios = new URL("../process/output.scenarios.js", import.meta.url);
  const { code, stdout } = await startScenario(scenarios, "poolIdleTimerThrows").ended;
  assert.deepEqual([code, stdout], [0, "pool goes on\n"]);
});

// piscina, tinypool: rejects with `{}` and kills the worker with all its other tasks. workerpool: an empty message.
test("a result that cannot be cloned", limits, async () => {
  const error = errorOf(await withBystanders((pool) => pool.submit(() => ({ handlers: [() => 1] }))));
  assert.ok(error instanceof NotShareableError);
  assert.match(error.message, /result\.handlers\[0\] is a function/);
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await pool.submit(() => 0);
  const before = workers();
  for (let i = 0; i < 3; i++)
    assert.ok((await rejection(pool.submit(() => Symbol("s")))) instanceof NotShareableError);
  assert.deepEqual(workers(), before, "its worker is not harmed");
});

// workerpool: throws and leaks the slot, so that two bad arguments kill a pool of two. poolifier: a count leaks.
test("an argument that cannot be cloned", limits, async () => {
  const result = await withBystanders(async (pool) => {
    for (let i = 0; i < 4; i++) {
      assert.throws(() => pool.submit((x: unknown) => x, { onClick() {} }), {
        name: "NotShareableError",
        message: /args\[0\]\.onClick is a function/,
      });
    }
    return await pool.submit((x: string) => x, "a good one");
  });
  assert.deepEqual(result, { value: "a good one" });
});

// tinypool: `undefined` kills the worker. poolifier: `undefined` and `null` never settle. workerpool: an Error with keys 0 to 3.
test("throw 'text', throw undefined, throw null", limits, async () => {
  for (const thrown of ["text", undefined, null]) {
    const result = await withBystanders((pool) =>
      pool.submit((value: unknown) => {
        throw value;
      }, thrown),
    );
    assert.deepEqual(result, { error: thrown });
  }
});

// All of them lose the class or the properties; workerpool turns dates into text; `AggregateError.errors` is lost.
test(
  "an error subclass with own properties and a cause, and the errors of an AggregateError",
  limits,
  async () => {
    const result = await withBystanders((pool) =>
      pool.submit(() => {
        class HttpError extends RangeError {
          status = 404;
          at = new Date(99);
        }
        const cause = new TypeError("cause");
        throw new AggregateError([new HttpError("first", { cause }), new Error("second")], "both");
      }),
    );
    const error = errorOf<AggregateError>(result);
    assert.ok(error instanceof AggregateError);
    const [first, second] = error.errors as [RangeError & { status: number; at: Date }, Error];
    assert.ok(first instanceof RangeError);
    assert.deepEqual([first.message, first.status, first.at], ["first", 404, new Date(99)]);
    assert.ok(first.cause instanceof TypeError && first.cause.message === "cause");
    assert.equal(second.message, "second");
  },
);

// piscina, tinypool: the first task rejects, the others are pending. poolifier: starts worker after worker, all pending.
test("a module that throws while it is loaded", limits, async () => {
  const { never } = fromModule<typeof import("./throws-on-load.js")>(
    new URL("./throws-on-load.js", import.meta.url),
  );
  const error = errorOf(await withBystanders((pool) => pool.submit(never)));
  assert.ok(error instanceof RangeError);
  assert.equal(error.message, "thrown while loading");
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const results = await Promise.all(Array.from({ length: 6 }, () => outcome(pool.submit(never))));
  for (const result of results) assert.equal(errorOf(result).message, "thrown while loading");
  assert.ok(workers().length <= 2);
  assert.equal(await pool.submit(() => "works on"), "works on");
});

// workerpool, poolifier: the program never ends.
test("a pool that is never closed", limits, async () => {
  const scenarios = new URL("../process/exits.scenarios.js", import.meta.url);
  const { code, signal } = await startScenario(scenarios, "pool").ended;
  assert.deepEqual([code, signal], [0, null]);
});

// piscina, tinypool: it never ticks, for the idle worker's event loop is blocked.
test("a timer left running in an idle worker", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const ticks = channel<number>();
  await pool.submit((queue: Queue<number>) => void setInterval(() => queue.putNowait(1), 5), ticks);
  await until(() => ticks.qsize() >= 10);
});
