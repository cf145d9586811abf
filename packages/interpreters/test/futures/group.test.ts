/** Task groups: the first failure cancels the others, and nothing outlives the block. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  BrokenInterpreterPool,
  CancelledError,
  type Future,
  type InterpreterError,
  InterpreterPoolExecutor,
  type TaskGroup,
} from "interpreters";
import { channel, Gate, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const never = (): Promise<number> => new Promise(() => {});
const endless = (): number => {
  for (;;);
};
const fail = (message: string): never => {
  throw new RangeError(message);
};

let pool: InterpreterPoolExecutor;
beforeEach(() => {
  pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
});
afterEach(() => pool.terminateWorkers());

/** The error of a block at whose end a group is. */
const block = (body: (group: TaskGroup) => unknown, group = pool.group()): Promise<unknown> =>
  rejection(
    (async () => {
      await using own = group;
      await body(own);
    })(),
  );
/** The same with `run`. */
const run = (body: (group: TaskGroup) => unknown, group = pool.group()): Promise<unknown> =>
  rejection(group.run(body));

const isCancelled = async (future: Future<unknown>): Promise<void> =>
  assert.ok((await rejection(future)) instanceof CancelledError);

describe("a group", limits, () => {
  test("its block ends when its tasks have", async () => {
    const futures: Future<number>[] = [];
    {
      await using group = pool.group();
      for (const n of [1, 2, 3]) futures.push(group.submit((n: number) => n * n, n));
      futures.push(group.with({ priority: 2, timeout: WATCHDOG }).submit(Math.abs, -5));
    }
    assert.deepEqual(
      futures.map((future) => future.done()),
      [true, true, true, true],
    );
    assert.deepEqual(await Promise.all(futures), [1, 4, 9, 5]);
    assert.equal(await pool.group().run((group) => group.submit(() => 7)), 7);
    await pool.group().run(() => {});
  });

  for (const [form, end] of Object.entries({ block, run })) {
    test(`${form}: the first failure cancels the others, whatever they do, and is thrown`, async () => {
      let running: Future<unknown>[] = [];
      let inLine: Future<unknown>[] = [];
      const error = await end(async (group) => {
        running = [group.submit(endless)];
        await until(() => running[0].running());
        group.submit(fail, "first");
        inLine = [group.submit(endless), group.submit(never)];
      });
      assert.ok(error instanceof RangeError && error.message === "first", String(error));
      for (const future of [...running, ...inLine]) {
        assert.ok(future.done());
        await isCancelled(future);
      }
      assert.equal(pool.stats().running + pool.stats().queued, 0);
      // The pool has its workers again.
      assert.equal(await pool.submit(() => 1), 1);
    });

    test(`${form}: further failures come with the first, as an AggregateError`, async () => {
      const gate = new Gate();
      const error = await end((group) => {
        const failing = async (gate: Gate["queue"], message: string): Promise<void> => {
          await gate.get();
          throw new RangeError(message);
        };
        group.submit(failing, gate.queue, "one");
        group.submit(failing, gate.queue, "two");
        gate.open(2);
      });
      // The second may have been stopped before it failed.
      if (error instanceof AggregateError) {
        assert.deepEqual(error.errors.map((each: Error) => each.message).sort(), ["one", "two"]);
        assert.match(error.message, /2 tasks of a group failed; the first: (one|two)/);
      } else assert.ok(error instanceof RangeError, String(error));
    });

    test(`${form}: its signal and its time limit cancel it`, async () => {
      const controller = new AbortController();
      const reason = new Error("enough");
      const error = await end(
        async (group) => {
          const future = group.submit(endless);
          await until(() => future.running());
          controller.abort(reason);
        },
        pool.group({ signal: controller.signal }),
      );
      assert.equal(error, reason);
      const late = await end((group) => void group.submit(endless), pool.group({ timeout: 20 }));
      assert.equal((late as Error).name, "TimeoutError");
      const aborted = await end(
        (group) => void group.submit(endless),
        pool.group({ signal: controller.signal }),
      );
      assert.equal(aborted, reason);
    });

    test(`${form}: a pool that breaks is one failure`, async () => {
      await using broken = new InterpreterPoolExecutor({
        maxWorkers: 2,
        initializer: fail,
        initargs: ["set-up"],
        stderr: "ignore",
      });
      const error = await end((group) => {
        for (let i = 0; i < 5; i++) group.submit(() => 1);
      }, broken.group());
      assert.ok(error instanceof BrokenInterpreterPool, String(error));
    });
  }

  test("run: what the body throws cancels the tasks, and is thrown", async () => {
    const mine = new TypeError("mine");
    let future: Future<unknown> | undefined;
    const error = await run(async (group) => {
      future = group.submit(endless);
      await until(() => future?.running() === true);
      throw mine;
    });
    assert.equal(error, mine);
    await isCancelled(future as Future<unknown>);
    // The body only passes a task's failure on, or its own cancellation.
    const passed = await run((group) => group.submit(fail, "passed on"));
    assert.ok(passed instanceof RangeError && passed.message === "passed on");
    const cancelled = await run(async (group) => {
      const waits = group.submit(never);
      group.submit(fail, "why");
      await waits;
    });
    assert.ok(cancelled instanceof RangeError && cancelled.message === "why", String(cancelled));
  });

  test("await using: what the block throws is thrown, and with a failure, both", async () => {
    const mine = new TypeError("mine");
    const done = channel<number>();
    const alone = await block((group) => {
      group.submit((done) => done.putNowait(1), done);
      throw mine;
    });
    assert.equal(alone, mine);
    assert.equal(done.getNowait(), 1);
    const both = await block((group) => {
      group.submit(fail, "task");
      throw mine;
    });
    const { error, suppressed, name } = both as SuppressedError;
    assert.equal(name, "SuppressedError");
    assert.equal(suppressed, mine);
    assert.equal((error as Error).message, "task");
  });

  test("a cancelled task is no failure, and neither is one whose own signal aborted", async () => {
    const controller = new AbortController();
    await pool.group().run(async (group) => {
      const stopped = group.with({ signal: controller.signal }).submit(endless);
      await until(() => stopped.running());
      const other = group.submit(never);
      const inLine = group.submit(never);
      await until(() => other.running());
      assert.equal(inLine.cancel(), true);
      controller.abort();
      assert.equal((await rejection(stopped)).name, "AbortError");
      assert.equal(
        (await rejection(group.with({ signal: controller.signal }).submit(never))).name,
        "AbortError",
      );
      assert.equal(other.running(), true);
      group.cancel();
    });
  });

  test("submitting to one that is cancelled, or has ended", async () => {
    const group = pool.group();
    group.cancel();
    await isCancelled(group.submit(() => 1));
    await group.run(() => {});
    for (const use of [() => group.submit(() => 1), () => group.group()])
      assert.throws(use, (error: InterpreterError) => error.code === "ERR_GROUP_ENDED");
    await pool.shutdown();
    assert.throws(() => pool.group(), { code: "ERR_EXECUTOR_SHUTDOWN" });
    assert.throws(() => pool.group({ retries: 1 } as never), TypeError);
    assert.throws(() => pool.group({ timeout: -1 }), RangeError);
  });

  test("groups within groups", async () => {
    // The failure of the inner one leaves the outer block, unless it is caught.
    let outerTask: Future<unknown> | undefined;
    const error = await run(async (outer) => {
      outerTask = outer.submit(endless);
      await outer.group().run((inner) => inner.submit(fail, "inner"));
    });
    assert.ok(error instanceof RangeError && error.message === "inner");
    await isCancelled(outerTask as Future<unknown>);
    await pool.group().run(async (outer) => {
      await rejection(outer.group().run((inner) => inner.submit(fail, "inner")));
      assert.equal(await outer.submit(() => 1), 1);
    });
    // The outer one cancels the inner one, and waits for its tasks.
    let innerTask: Future<unknown> | undefined;
    const why = await block(async (outer) => {
      innerTask = outer.group().submit(endless);
      await until(() => innerTask?.running() === true);
      outer.submit(fail, "outer");
    });
    assert.ok(why instanceof RangeError && why.message === "outer");
    assert.equal(innerTask?.done(), true);
    await isCancelled(innerTask as Future<unknown>);
  });

  test("a failure that nobody looks at is no unhandled rejection", async () => {
    const seen: unknown[] = [];
    const note = (error: unknown): void => void seen.push(error);
    process.on("unhandledRejection", note);
    try {
      await block((group) => {
        group.submit(fail, "quiet");
        group.submit(never);
      });
      await new Promise((resolve) => setTimeout(resolve, 1));
    } finally {
      process.off("unhandledRejection", note);
    }
    assert.deepEqual(seen, []);
  });
});

describe("map of a group", limits, () => {
  test("its results come in order, and each form has its options", async () => {
    const seen: unknown[] = [];
    await pool.group().run(async (group) => {
      for await (const n of group.map((n: number) => n * n, [1, 2, 3])) seen.push(n);
      for await (const n of group.starmap(Math.pow, [[2, 3]])) seen.push(n);
      for await (const n of group.with({ priority: 1 }).map(Math.sqrt, [4, 9], { chunksize: 2 }))
        seen.push(n);
      for await (const n of group.with({ timeout: WATCHDOG }).starmap(Math.pow, [[3, 2]])) seen.push(n);
    });
    assert.deepEqual(seen, [1, 4, 9, 8, 2, 3, 9]);
  });

  const failOrWait = (n: number): Promise<number> => {
    if (n === 1) throw new RangeError("1");
    return new Promise(() => {});
  };

  for (const chunksize of [1, 2]) {
    test(`a call that fails cancels the group (chunksize ${chunksize})`, async () => {
      for (const form of [run, block]) {
        let other: Future<number> | undefined;
        const error = await form(async (group) => {
          other = group.submit(never);
          for await (const _ of group.map(failOrWait, [1, 2], { chunksize }));
        });
        // With `await using`, the body's own error comes with that of the group.
        const own = (error as { error?: unknown }).error ?? error;
        assert.ok(own instanceof RangeError, String(error));
        assert.equal(own.message, "1");
        await isCancelled(other as Future<number>);
      }
    });
  }

  test("a call that fails while its result is not asked for cancels the group", async () => {
    const error = await run(async (group) => {
      await group.map(failOrWait, [0, 1]).next();
    });
    assert.ok(error instanceof RangeError, String(error));
    assert.equal(error.message, "1");
  });

  test("outcomes that are asked for cancel nothing", async () => {
    const outcomes = await pool.group().run(async (group) => {
      const statuses: string[] = [];
      const parse = (text: string): unknown => JSON.parse(text);
      for (const chunksize of [1, 3])
        for await (const { status } of group.map(parse, ["1", "{", "2"], { settled: true, chunksize }))
          statuses.push(status);
      return [...statuses, await group.submit(Math.abs, -1)];
    });
    const each = ["fulfilled", "rejected", "fulfilled"];
    assert.deepEqual(outcomes, [...each, ...each, 1]);
  });

  test("leaving the loop cancels what it has submitted, and no failure comes of it", async () => {
    let pulled = 0;
    function* endless(): Generator<number> {
      for (;;) yield pulled++;
    }
    const first = await pool.group().run(async (group) => {
      for await (const n of group.map((n: number) => n + 1, endless(), { buffersize: 4 })) return n;
      return -1;
    });
    assert.equal(first, 1);
    assert.ok(pulled <= 5, String(pulled));
  });

  test("the end of the block waits for what was submitted, and nothing is sent after it", async () => {
    const group = pool.group();
    const results = group.map(Math.abs, [0, 1, 2, 3, 4, 5], { buffersize: 2 });
    assert.equal((await results.next()).value, 0);
    await group[Symbol.asyncDispose]();
    const rest = await rejection<InterpreterError>(
      (async () => {
        for await (const _ of results);
      })(),
    );
    assert.equal(rest.code, "ERR_GROUP_ENDED");
    assert.equal(
      (await rejection<InterpreterError>((async () => group.map(Math.abs, []))())).code,
      "ERR_GROUP_ENDED",
    );
  });

  test("in a group that is cancelled, the iteration is", async () => {
    const group = pool.group();
    group.cancel();
    assert.ok((await rejection(group.map(Math.abs, [1]).next())) instanceof CancelledError);
    await group[Symbol.asyncDispose]();
  });

  test("an exception of the source is a failure of the group", async () => {
    function* broken(): Generator<number> {
      yield 1;
      throw new TypeError("no more");
    }
    const error = await run(async (group) => {
      group.submit(never);
      for await (const _ of group.map(Math.abs, broken()));
    });
    assert.ok(error instanceof TypeError, String(error));
  });
});
