/**
 * The contract of executors, as tests that run over every implementation (as CPython's test_concurrent_futures does).
 *
 * What an implementation cannot give it declares, with the reason. A declaration is checked: its test must fail, or the declaration is
 * out of date.
 */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  asCompleted,
  CancelledError,
  createQueue,
  type Executor,
  fromModule,
  InterpreterDiedError,
  InterpreterError,
  NotShareableError,
  type SubmitOptions,
  type TaskError,
  wait,
} from "interpreters";

const f = fromModule<typeof import("./functions.js")>(new URL("./functions.js", import.meta.url));

/** How an executor is opened for a test. */
export interface Opening {
  /** How many interpreters run its tasks. */
  readonly workers: number;
  readonly retries: number;
}

/** An implementation of `Executor`. */
export interface Implementation {
  readonly name: string;
  /** Why its tests are skipped, or false. */
  readonly skip?: string | false;
  /** Opens an executor for one test, which shuts it down. */
  open(opening: Opening): Promise<Executor>;
  /** By the name of the test: why it cannot pass. */
  readonly cannot: Readonly<Record<string, string>>;
}

/** What a test gets. */
interface Place {
  readonly executor: Executor;
  /** An empty folder. */
  readonly folder: string;
}

type Case = (place: Place) => Promise<void>;

const rejection = async (promise: PromiseLike<unknown>): Promise<unknown> =>
  await Promise.resolve(promise).then(
    (value) => assert.fail(`It resolved to ${String(value)}`),
    (error: unknown) => error,
  );

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

const begun = (folder: string): Promise<void> => until(() => existsSync(path.join(folder, "begun")));
const go = (folder: string): void => writeFileSync(path.join(folder, "go"), "");

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** By name: how many workers and retries a test needs, if not 2 and 0. */
const openings: Record<string, Partial<Opening>> = {
  "tasks of a higher priority come first": { workers: 1 },
  "a task that waits longer than waitTimeout is taken back": { workers: 1 },
  "cancel takes back a task in line": { workers: 1 },
  "a signal takes back a task in line": { workers: 1 },
  "shutdown cancels what waits, if asked": { workers: 1 },
  "terminateWorkers ends everything": { workers: 1 },
  "retries run a task again": { retries: 1 },
};

const cases: Record<string, Case> = {
  "submit gives the result": async ({ executor }) => {
    assert.equal(await executor.submit(f.square, 7), 49);
    assert.equal(await executor.submit(f.power, 2, 10), 1024);
    assert.equal(await executor.submit(f.later, 1, "a promise is awaited"), "a promise is awaited");
  },
  "values arrive as themselves": async ({ executor }) => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const shared = [1];
    const value = {
      list: [undefined, null, true, -0, 1n << 70n, "\ud800", Number.NaN],
      map: new Map<unknown, unknown>([[new Date(7), new Set([/x/g])]]),
      bytes: new Uint8Array([1, 2, 3]),
      floats: new Float64Array([0.5]),
      twice: [shared, shared],
    };
    const back = await executor.submit(f.same, value);
    assert.deepEqual(back, value);
    assert.equal(back.twice[0], back.twice[1]);
    const turned = await executor.submit(f.same, cycle);
    assert.equal(turned.self, turned);
  },
  "errors are values, too": async ({ executor }) => {
    const error = new AggregateError([new TypeError("one")], "all", { cause: 7 });
    const back = await executor.submit(f.same, error);
    assert.ok(back instanceof AggregateError && back.errors[0] instanceof TypeError);
    assert.deepEqual([back.message, back.cause], ["all", 7]);
  },
  "large arguments and results arrive": async ({ executor }) => {
    const bytes = new Uint8Array(3_000_000).fill(9);
    assert.deepEqual(await executor.submit(f.same, bytes), bytes);
  },
  "what a task throws is thrown": async ({ executor }) => {
    const error = (await rejection(executor.submit(f.throws, "far"))) as TaskError & { detail: number };
    assert.ok(error instanceof RangeError);
    assert.deepEqual([error.message, error.detail, (error.cause as Error).message], ["far", 7, "inner"]);
    assert.match(error.stack ?? "", /at throws .*functions\.js[^]*submitted[^]*suite\.js/);
    assert.equal(error.executionFailed?.excinfo.type.name, "RangeError");
    assert.match(error.executionFailed.excinfo.errdisplay, /RangeError: far[^]*inner/);
    assert.equal(await rejection(executor.submit(f.throwsText)), "text");
  },
  "exception gives what was thrown, or nothing": async ({ executor }) => {
    assert.ok((await executor.submit(f.throws, "x").exception()) instanceof RangeError);
    assert.equal(await executor.submit(f.square, 1).exception(), undefined);
  },
  "map gives the results in order": async ({ executor }) => {
    assert.deepEqual(await collect(executor.map(f.square, [3, 2, 1])), [9, 4, 1]);
    const sorted = await collect(executor.map(f.square, [3, 2, 1], { ordered: false }));
    assert.deepEqual(sorted.toSorted(), [1, 4, 9]);
  },
  "map takes endless input, and no more than buffersize of it": async ({ executor }) => {
    let pulled = 0;
    let closed = false;
    function* naturals(): Generator<number> {
      try {
        for (;;) yield pulled++;
      } finally {
        closed = true;
      }
    }
    const seen: number[] = [];
    for await (const n of executor.map(f.square, naturals(), { buffersize: 8 })) {
      assert.ok(pulled <= seen.length + 9);
      if (seen.push(n) === 20) break;
    }
    assert.ok(closed);
    assert.equal(seen[19], 361);
  },
  "map throws the first failure, which names its item": async ({ executor }) => {
    const error = (await rejection(collect(executor.map(f.oddOnly, [1, 3, 4, 5])))) as TaskError;
    assert.deepEqual([error.message, error.itemIndex], ["4 is even", 2]);
  },
  "map can go on after failures": async ({ executor }) => {
    const outcomes = await collect(executor.map(f.oddOnly, [1, 2, 3], { settled: true }));
    assert.deepEqual(
      outcomes.map(({ index, status }) => [index, status]),
      [
        [0, "fulfilled"],
        [1, "rejected"],
        [2, "fulfilled"],
      ],
    );
  },
  "map in call batches gives the same": async ({ executor }) => {
    const source = Array.from({ length: 50 }, (_, n) => n);
    const squares = source.map((n) => n * n);
    assert.deepEqual(await collect(executor.map(f.square, source, { chunksize: 7 })), squares);
    assert.deepEqual(await collect(executor.map(f.square, source, { chunksize: "auto" })), squares);
    const error = (await rejection(
      collect(executor.map(f.oddOnly, [1, 3, 4, 5], { chunksize: 3 })),
    )) as TaskError;
    assert.deepEqual([error.message, error.itemIndex], ["4 is even", 2]);
    const outcomes = await collect(executor.map(f.oddOnly, [1, 2, 3, 4, 5], { chunksize: 5, settled: true }));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"],
    );
  },
  "starmap spreads its items": async ({ executor }) => {
    assert.deepEqual(
      await collect(
        executor.starmap(f.power, [
          [2, 3],
          [3, 2],
        ]),
      ),
      [8, 9],
    );
  },
  "map has a time limit": async ({ executor }) => {
    const slow = executor.map(f.later as (milliseconds: number) => Promise<unknown>, [5000], { timeout: 50 });
    assert.equal(((await rejection(collect(slow))) as Error).name, "TimeoutError");
  },
  "a task that runs longer than its limit is stopped": async ({ executor, folder }) => {
    const error = (await rejection(executor.with({ timeout: 100 }).submit(f.hang, folder))) as Error;
    assert.equal(error.name, "TimeoutError");
    assert.ok(error.cause instanceof InterpreterDiedError && error.cause.reason === "timeout");
    assert.equal(await executor.submit(f.square, 2), 4);
  },
  "a signal ends a task that runs": async ({ executor, folder }) => {
    const controller = new AbortController();
    const future = executor.with({ signal: controller.signal }).submit(f.hang, folder);
    await begun(folder);
    controller.abort("enough");
    assert.equal(await rejection(future), "enough");
    assert.equal(await executor.submit(f.square, 2), 4);
  },
  "a signal takes back a task in line": async ({ executor, folder }) => {
    const first = executor.submit(f.gate, folder, 1);
    await begun(folder);
    const controller = new AbortController();
    const second = executor.with({ signal: controller.signal }).submit(f.note, 1);
    controller.abort("enough");
    assert.equal(await rejection(second), "enough");
    go(folder);
    await first;
    assert.deepEqual(await executor.submit(f.noted), []);
    assert.equal(await rejection(executor.with({ signal: controller.signal }).submit(f.square, 1)), "enough");
  },
  "a task that waits longer than waitTimeout is taken back": async ({ executor, folder }) => {
    const first = executor.submit(f.gate, folder, 1);
    await begun(folder);
    const second = executor.with({ waitTimeout: 50 }).submit(f.note, 1);
    assert.equal(((await rejection(second)) as Error).name, "TimeoutError");
    go(folder);
    await first;
    assert.deepEqual(await executor.submit(f.noted), []);
  },
  "cancel takes back a task in line": async ({ executor, folder }) => {
    const first = executor.submit(f.gate, folder, 1);
    await begun(folder);
    const second = executor.submit(f.note, 2);
    assert.ok(second.cancel() && second.cancelled() && second.done());
    assert.ok((await rejection(second)) instanceof CancelledError);
    go(folder);
    assert.equal(await first, 1);
    assert.ok(!first.cancel());
    assert.deepEqual(await executor.submit(f.noted), []);
  },
  "a future says whether its task runs": async ({ executor, folder }) => {
    const future = executor.submit(f.gate, folder, 1);
    try {
      await begun(folder);
      assert.ok(future.running());
    } finally {
      go(folder);
      await future;
    }
  },
  "a task that runs cannot be cancelled": async ({ executor, folder }) => {
    const future = executor.submit(f.gate, folder, 1);
    try {
      await begun(folder);
      assert.ok(!future.cancel());
    } finally {
      go(folder);
      await future.exception().catch(() => undefined);
    }
  },
  "stats tell running tasks from waiting ones": async ({ executor, folder }) => {
    const future = executor.submit(f.gate, folder, 1);
    try {
      await begun(folder);
      assert.deepEqual([executor.stats().running, executor.stats().queued], [1, 0]);
    } finally {
      go(folder);
      await future;
    }
  },
  "stats count": async ({ executor }) => {
    await executor.submit(f.square, 1);
    await executor.submit(f.throws, "x").exception();
    const { completed, failed, queued, runTime } = executor.stats();
    assert.deepEqual([completed, failed, queued, runTime.count], [1, 1, 0, 2]);
  },
  "blocking forms block": ({ executor }) => {
    assert.equal(executor.submit(f.square, 3).resultSync(), 9);
    return Promise.resolve();
  },
  "tasks of a higher priority come first": async ({ executor, folder }) => {
    const first = executor.submit(f.gate, folder, 1);
    await begun(folder);
    const tasks = ([-1, 2, 0, 1] as const).map((priority) =>
      executor.with({ priority }).submit(f.note, priority),
    );
    // They are in line, wherever that is.
    await delay(100);
    go(folder);
    await Promise.all([first, ...tasks]);
    assert.deepEqual(await executor.submit(f.noted), [2, 1, 0, -1]);
  },
  "an interpreter that ends fails its task alone": async ({ executor }) => {
    const others = [1, 2, 3].map((n) => executor.submit(f.later, 20, n));
    const error = await rejection(executor.submit(f.exit));
    assert.ok(error instanceof InterpreterDiedError);
    assert.deepEqual([error.reason, error.exitCode, error.code], ["exit", 3, "ERR_INTERPRETER_DIED"]);
    assert.deepEqual(await Promise.all(others), [1, 2, 3]);
  },
  "retries run a task again": async ({ executor, folder }) => {
    assert.equal(await executor.submit(f.exitOnce, path.join(folder, "once")), "second run");
    assert.ok((await rejection(executor.submit(f.exit))) instanceof InterpreterDiedError);
  },
  "arguments that cannot travel are refused at once": ({ executor }) => {
    const bad = { list: [{ onClick: (): void => undefined }] };
    const message = /args\[0\]\.list\[0\]\.onClick is a function/;
    assert.throws(() => executor.submit(f.same, bad), { name: "NotShareableError", message });
    return Promise.resolve();
  },
  "results that cannot travel fail their task": async ({ executor }) => {
    const error = (await rejection(executor.submit(f.unshareable))) as Error;
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /result\.inner\[0\] is a function/);
    assert.equal(await executor.submit(f.square, 2), 4);
  },
  "an unknown function is an error that says so": async ({ executor }) => {
    const { missing } = f as unknown as Record<"missing", () => void>;
    assert.match(String(await rejection(executor.submit(missing))), /has no export "missing".*square/);
  },
  "options are checked": ({ executor }) => {
    assert.throws(() => executor.with({ timeOut: 1 } as SubmitOptions), TypeError);
    assert.throws(() => executor.with({ priority: 3 } as never), RangeError);
    assert.throws(() => executor.map(f.square, [1], { chunksize: 0 }), RangeError);
    assert.throws(() => executor.map(f.square, 7 as never), TypeError);
    return Promise.resolve();
  },
  "wait and asCompleted": async ({ executor }) => {
    const futures = [200, 1].map((milliseconds) => executor.submit(f.later, milliseconds, milliseconds));
    const { done, notDone } = await wait(futures, { returnWhen: "FIRST_COMPLETED" });
    assert.deepEqual([done.has(futures[1]), notDone.has(futures[0])], [true, true]);
    const order: number[] = [];
    for await (const { future } of asCompleted(futures)) order.push(await future);
    assert.deepEqual(order, [1, 200]);
  },
  "done callbacks are called once, in order": async ({ executor }) => {
    const future = executor.submit(f.square, 2);
    const called: number[] = [];
    future.addDoneCallback(() => called.push(1));
    future.addDoneCallback(() => called.push(2));
    await future;
    future.addDoneCallback(() => called.push(3));
    await until(() => called.length === 3);
    assert.deepEqual(called, [1, 2, 3]);
  },
  "shutdown waits for tasks, and takes no more": async ({ executor }) => {
    const future = executor.submit(f.later, 100, 1);
    await executor.shutdown();
    assert.ok(future.done());
    assert.throws(
      () => executor.submit(f.square, 1),
      (error) => error instanceof InterpreterError && error.code === "ERR_EXECUTOR_SHUTDOWN",
    );
    assert.throws(() => executor.map(f.square, [1]), InterpreterError);
    await executor.shutdown();
  },
  "shutdown cancels what waits, if asked": async ({ executor, folder }) => {
    const first = executor.submit(f.gate, folder, 1);
    await begun(folder);
    const second = executor.submit(f.square, 2);
    const end = executor.shutdown({ cancelFutures: true });
    assert.ok((await rejection(second)) instanceof CancelledError);
    go(folder);
    await end;
    assert.equal(await first, 1);
  },
  "terminateWorkers ends everything": async ({ executor, folder }) => {
    const first = executor.submit(f.hang, folder);
    await begun(folder);
    const second = executor.submit(f.square, 2);
    await executor.terminateWorkers();
    const error = await rejection(first);
    assert.ok(error instanceof InterpreterDiedError && error.reason === "terminated");
    assert.ok(second.cancelled());
  },
  "a function of a builtin module": async ({ executor }) => {
    const { basename } = fromModule<typeof import("node:path")>("node:path");
    assert.equal(await executor.submit(basename, "/a/b.txt"), "b.txt");
  },
  "a function as its text": async ({ executor }) => {
    assert.equal(await executor.submit((n: number) => n + 1, 1), 2);
  },
  "a builtin function": async ({ executor }) => {
    assert.equal(await executor.submit(Math.hypot, 3, 4), 5);
  },
  "queues as arguments": async ({ executor }) => {
    const queue = createQueue<number>();
    assert.equal((await executor.submit(f.same, queue)).id, queue.id);
  },
  "buffers that move": async ({ executor }) => {
    const buffer = new ArrayBuffer(8);
    const back = await executor.with({ transfer: [buffer] }).submit(f.same, buffer);
    assert.deepEqual([back.byteLength, buffer.byteLength], [8, 0]);
  },
};

/** Milliseconds that a test may take, and after which one that must fail is taken to have failed. */
const LIMIT = 60_000;
const HOPELESS = 5000;

/** Registers the tests for one implementation. */
export function executorContract({ name, skip = false, open, cannot }: Implementation): void {
  const run = async (title: string): Promise<void> => {
    const folder = await mkdtemp(path.join(tmpdir(), "interpreters-contract-"));
    const executor = await open({ workers: 2, retries: 0, ...openings[title] });
    try {
      await cases[title]({ executor, folder });
    } finally {
      await executor.shutdown({ timeout: 2000 });
      await rm(folder, { recursive: true, force: true });
    }
  };
  for (const title of Object.keys(cases)) {
    const reason = cannot[title];
    if (reason === undefined)
      test(`${name}: ${title}`, { skip, timeout: LIMIT }, async () => await run(title));
    else {
      test(`${name} cannot: ${title} (${reason})`, { skip, timeout: LIMIT }, async () => {
        const ended = await Promise.race([
          run(title).then(
            () => "works",
            () => "fails",
          ),
          delay(HOPELESS, "fails", { ref: false }),
        ]);
        assert.equal(ended, "fails", "It works: the declaration is out of date");
      });
    }
  }
  test(`${name}: every declaration is that of a test`, () => {
    assert.deepEqual(
      Object.keys(cannot).filter((title) => !(title in cases)),
      [],
    );
  });
}
