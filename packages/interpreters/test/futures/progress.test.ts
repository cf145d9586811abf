/** Tasks that report their progress (`onProgress`). */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import {
  createQueue,
  fromModule,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  NotShareableError,
  type Queue,
  type Report,
} from "interpreters";
import { rejection, startScenario, until, WATCHDOG } from "../support/processes.js";
import { sharedMemory } from "../support/queues.js";

/** Bytes: channels keep segments for their longest backlog. Each callback that stayed would have a page of 4096. */
const SLACK = 100 * 4096;

const limits = { timeout: WATCHDOG };
const tasks = fromModule<typeof import("./progressing.js")>(new URL("./progressing.js", import.meta.url));

test("a task reports, in order, and all of it before its outcome", limits, async () => {
  await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const seen: number[] = [];
  let outcome = false;
  const watched = executor.with({
    onProgress: (n: number) => {
      assert.equal(outcome, false);
      seen.push(n);
    },
  });
  const future = watched.submit((count, report) => {
    for (let i = 1; i <= count; i++) report(i);
    return count;
  }, 10);
  future.addDoneCallback(() => (outcome = true));
  assert.equal(await future, 10);
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("module functions, asynchronous ones, and blocking submitters", limits, async () => {
  await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const seen: string[] = [];
  const watched = executor.with({ onProgress: (step: string) => seen.push(step), timeout: 60_000 });
  assert.equal(await watched.submit(tasks.steps, "a", 2), "a done");
  assert.equal(watched.submit(tasks.steps, "b", 1).resultSync(), "b done");
  assert.deepEqual(seen, ["a 0", "a 1", "b 0"]);
});

test(
  "far too many reports: the task does not wait, the latest wins, and the last one arrives",
  limits,
  async () => {
    await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const seen: number[] = [];
    const future = executor.with({ onProgress: (n: number) => seen.push(n) }).submit((count, report) => {
      for (let i = 1; i <= count; i++) report(i);
    }, 100_000);
    // This thread looks at nothing until the task is done.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    await future;
    assert.equal(seen.at(-1), 100_000);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    assert.ok(seen.length < 100_000, "not all of them");
  },
);

test("a report that was kept arrives while the task goes on", limits, async () => {
  await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const gate = createQueue<number>();
  let latest = 0;
  const future = executor
    .with({ onProgress: (n: number) => (latest = n) })
    .submit(async (gate: Queue<number>, report: Report<number>) => {
      for (let i = 1; i <= 1000; i++) report(i);
      await gate.get();
    }, gate);
  await until(() => latest === 1000);
  gate.putNowait(1);
  await future;
});

const scenarios = new URL("./progress.scenarios.js", import.meta.url);

test("a listener that throws is reported, and the task goes on", limits, async () => {
  const { stdout, code } = await startScenario(scenarios, "throwing").ended;
  assert.deepEqual([stdout, code], ["Error: listener 1\nError: listener 2\nfine\n", 0]);
});

test("a callback that rejects after its caller was refused is reported", limits, async () => {
  const { stdout, code } = await startScenario(scenarios, "rejectedTooLate").ended;
  assert.deepEqual([stdout, code], ["ERR_INTERPRETER_DEADLOCK\nError: too late\n", 0]);
});

test(
  "a report that cannot travel is the task's error; after the outcome a report does nothing",
  limits,
  async () => {
    await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const seen: unknown[] = [];
    const watched = executor.with({ onProgress: (value: unknown) => seen.push(value) });
    const error = await rejection(watched.submit((report) => report({ f: () => 1 })));
    assert.ok(error instanceof NotShareableError, String(error));
    assert.match(error.message, /value\.f/);
    await watched.submit((report) => {
      (globalThis as { late?: unknown }).late = report;
      report("in time");
    });
    await executor.submit(() => (globalThis as unknown as { late(value: string): void }).late("late"));
    await executor.submit(() => 1);
    assert.deepEqual(seen, ["in time"]);
  },
);

test("reports come before the death of the worker, and again from the next run", limits, async () => {
  await using executor = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 1 });
  const seen: number[] = [];
  const watched = executor.with({ onProgress: (n: number) => seen.push(n) });
  const error = await rejection(
    watched.submit((report) => {
      report(1);
      process.exit(1);
    }),
  );
  assert.ok(error instanceof InterpreterDiedError);
  assert.deepEqual(seen, [1, 1]);
});

test("it runs in the context of submit, and bad options are refused", limits, async () => {
  await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const watched = executor.with<number>({ onProgress: () => seen.push(storage.getStore()) });
  await storage.run("of submit", () => watched.submit((report) => report(1)));
  assert.deepEqual(seen, ["of submit"]);
  assert.throws(() => executor.with({ onProgress: 1 } as never), TypeError);
});

test("many tasks that report leave nothing, several at a time", limits, async () => {
  await using executor = new InterpreterPoolExecutor({ maxWorkers: 2, concurrency: 4 });
  let count = 0;
  const run = async (tasks: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: tasks }, () =>
        executor.with<number>({ onProgress: () => count++ }).submit(async (report) => {
          report(1);
          await new Promise((resolve) => setImmediate(resolve));
          report(2);
        }),
      ),
    );
  };
  await run(200);
  const before = sharedMemory().inUse;
  await run(2000);
  assert.equal(count, 4400);
  await until(
    () => sharedMemory().inUse < before + SLACK,
    "all pages were given back, without the garbage collector",
  );
});
