/** The limits of a task: `timeout`, `waitTimeout` and `signal`, in every state that the task may be in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Future, InterpreterDiedError, InterpreterPoolExecutor, waitSync } from "interpreters";
import { busyPool, channel, outcome, rejection, until, WATCHDOG } from "../support/processes.js";
import { deathByLimit, thrown } from "../support/ways.js";

const limits = { timeout: WATCHDOG };

/** Asserts that the task was taken back because it had waited for too long. */
function assertWaited(error: Error): void {
  assert.equal(error.name, "TimeoutError");
  assert.match(error.message, /waited in line for 20 ms/);
  assert.match(error.stack ?? "", /limits\.test\.js/, "the stack leads to the submit");
  assert.equal(error.cause, undefined);
}

test("a task that waits in line for longer than waitTimeout is taken back", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const ran = channel<number>();
  const future = pool.with({ waitTimeout: 20 }).submit((queue: typeof ran) => queue.putSync(1), ran);
  assertWaited(await rejection(future));
  assert.deepEqual([future.done(), future.cancelled(), future.cancel()], [true, false, false]);
  gate.open();
  await Promise.all(busy);
  await pool.submit(() => 0);
  assert.equal(ran.qsize(), 0);
  assert.equal(pool.stats().failed, 1);
  await pool.shutdown();
});

const blocking: Record<string, (future: Future<unknown>) => Error> = {
  resultSync: (future) => thrown(() => future.resultSync()),
  exceptionSync: (future) => future.exceptionSync() as Error,
  waitSync(future) {
    const { done } = waitSync([future]);
    assert.ok(done.has(future));
    return thrown(() => future.resultSync());
  },
};

for (const [way, wait] of Object.entries(blocking)) {
  test(`a task is taken back after waitTimeout while ${way} blocks the thread`, limits, async () => {
    const { pool, gate } = await busyPool(1);
    assertWaited(wait(pool.with({ waitTimeout: 20 }).submit(() => 0)));
    gate.open();
    await pool.shutdown();
  });
}

test("a wait for a task ends at its own limit, before and after that of the task", limits, async () => {
  const { pool, gate } = await busyPool(1);
  const future = pool.with({ waitTimeout: 60_000 }).submit(() => "ran");
  const error = thrown(() => future.resultSync(10));
  assert.match(error.message, /not done within 10 ms; it goes on/);
  assert.equal(future.done(), false);
  gate.open();
  assert.equal(future.resultSync(), "ran");
  await pool.shutdown();
});

test("a task that has begun may run for longer than waitTimeout", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await pool.submit(() => 0);
  const [begun, go] = [channel<number>(), channel<number>()];
  const run = async (from: typeof begun, to: typeof go): Promise<number> => {
    from.putNowait(1);
    return to.get();
  };
  const limit = 500;
  const submitted = performance.now();
  const future = pool.with({ waitTimeout: limit }).submit(run, begun, go);
  await begun.get();
  await until(() => performance.now() - submitted > limit + 100);
  assert.equal(future.running(), true);
  go.putNowait(5);
  assert.equal(await future, 5);
});

test("waitTimeout: 0 takes back what has to wait at all", limits, async () => {
  const { pool, gate } = await busyPool(1);
  const errors = await Promise.all(
    [1, 2].map(() => rejection(pool.with({ waitTimeout: 0 }).submit(() => 0))),
  );
  for (const error of errors) assert.equal(error.name, "TimeoutError");
  gate.open();
  await pool.shutdown();
});

test("a bad waitTimeout is refused where it is given", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  assert.throws(() => pool.with({ waitTimeout: -1 }), RangeError);
  assert.throws(() => pool.with({ waitTimeout: "1" as never }), TypeError);
});

test("what its own limit ends is run once, whatever retries are left", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 2 });
  const runs = channel<number>();
  const hang = (queue: typeof runs): never => {
    queue.putSync(1);
    for (;;);
  };
  // On a busy machine its limit may pass before it has put anything: that shows nothing, so another one is tried.
  while (runs.qsize() === 0) {
    const error = deathByLimit(await rejection(pool.with({ timeout: 50 }).submit(hang, runs)));
    assert.match(error.message, /time limit/);
  }
  assert.equal(runs.qsize(), 1);
});

test("an abort has one shape, in line, running, and before the task is submitted", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 1 });
  const reason = { why: "no longer needed" };
  const controller = new AbortController();
  const view = pool.with({ signal: controller.signal });
  const running = view.submit(() => {
    for (;;);
  });
  const inLine = view.submit(() => 1);
  await until(() => running.running());
  controller.abort(reason);
  const late = view.submit(() => 2);
  assert.deepEqual(await Promise.all([running, inLine, late].map((future) => rejection(future))), [
    reason,
    reason,
    reason,
  ]);
  assert.equal(await pool.submit(() => "next"), "next");
  const { cancelled, failed, completed } = pool.stats();
  assert.deepEqual([cancelled, failed, completed], [2, 0, 1]);
});

test("of tasks that run together, only those at fault are stopped by the limits of one", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 3, retries: 1 });
  const begun = channel<number>();
  const once = async (queue: typeof begun): Promise<string> => {
    queue.putNowait(1);
    // The second run returns, the first waits for its end.
    if (queue.qsize() < 3) await new Promise(() => {});
    return "run again";
  };
  const limited = pool.with({ timeout: 60_000 }).submit(once, begun);
  const free = pool.submit(once, begun);
  await until(() => begun.qsize() === 2);
  const guilty = await rejection(pool.with({ timeout: 20 }).submit(() => new Promise(() => {})));
  deathByLimit(guilty);
  assert.deepEqual(await Promise.all([outcome(limited), outcome(free)]), [
    { value: "run again" },
    { value: "run again" },
  ]);
  const one = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 2 });
  const bystander = one.with({ timeout: 60_000 }).submit(() => new Promise(() => {}));
  await until(() => bystander.running());
  await rejection(one.with({ timeout: 20 }).submit(() => new Promise(() => {})));
  const error = await rejection(bystander);
  assert.ok(error instanceof InterpreterDiedError, String(error));
  assert.equal(error.reason, "timeout");
  await one.shutdown();
});
