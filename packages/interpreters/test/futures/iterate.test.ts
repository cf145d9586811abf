/** The contract of `iterate`: of interpreters and of pools, for generators and async generators. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  create,
  ExecutionFailed,
  fromModule,
  type InterpreterView,
  InterpreterDiedError,
  type InterpreterError,
  InterpreterNotFoundError,
  InterpreterPoolExecutor,
  type IterateOptions,
  type Iteration,
  listQueues,
  move,
  NotShareableError,
} from "interpreters";
import { baseline, countQueues, created, gc } from "../support/queues.js";
import { busy, channel, deathByLimit, limits, rejection, thrown, until, WATCHDOG } from "../support/ways.js";

const { count, countLater, failing, failingLater, endedHere } = fromModule<typeof import("./generators.js")>(
  new URL("./generators.js", import.meta.url),
);

/** An interpreter or a pool of one. */
interface Host {
  with(options: IterateOptions): Pick<InterpreterView, "iterate" | "iterateSync">;
  /** How many generators have ended there. It waits its turn there, as all work does. */
  ended(): PromiseLike<number>;
  /** Whether an error is `RangeError(message)`, as the host's calls throw it. */
  threw(error: unknown, message: string): boolean;
  stop(): Promise<void>;
}

const hosts: Record<string, () => Host> = {
  interpreter: () => {
    const interp = create();
    return {
      with: (options) => interp.with(options),
      ended: () => interp.call(endedHere),
      threw: (error, message) =>
        error instanceof ExecutionFailed &&
        error.cause instanceof RangeError &&
        error.cause.message === message,
      stop: () => interp.terminate().catch(() => {}),
    };
  },
  pool: () => {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    return {
      with: (options) => pool.with(options),
      ended: () => pool.submit(endedHere),
      threw: (error, message) =>
        error instanceof RangeError && error.message === message && "executionFailed" in error,
      stop: () => pool.terminateWorkers(),
    };
  },
};
// Typed alike, though they are of two kinds.
const forms = {
  "a generator": [count, failing],
  "an async generator": [countLater as unknown as typeof count, failingLater as unknown as typeof failing],
} as const;

/** The result of an iteration: its items, and the error that ended it. */
async function all(iteration: Iteration<unknown, unknown>): Promise<{ items: unknown[]; error: unknown }> {
  const items: unknown[] = [];
  try {
    for await (const item of iteration) items.push(item);
  } catch (error) {
    return { items, error };
  }
  return { items, error: undefined };
}

const progress = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

for (const [where, make] of Object.entries(hosts)) {
  for (const [form, [counting, fails]] of Object.entries(forms)) {
    describe(`${form} in ${where}`, limits, () => {
      let host: Host;
      beforeEach(() => {
        host = make();
      });
      afterEach(() => host.stop());

      test("the items in order, and then the return value", async () => {
        for (const buffersize of [1, 2, 3, 64, 5000, Infinity]) {
          const iteration = host.with({ buffersize }).iterate(counting, 1000);
          let last = 0;
          for (;;) {
            const step = await iteration.next();
            if (step.done === true) {
              assert.equal(step.value, "end");
              break;
            }
            assert.equal(step.value, ++last);
          }
          assert.equal(last, 1000);
          assert.deepEqual(await iteration.next(), { done: true, value: undefined });
        }
      });

      test("blocking", async () => {
        const iteration = host.with({ buffersize: 2 }).iterateSync(counting, 100);
        let sum = 0;
        for (const n of iteration) sum += n;
        assert.equal(sum, 5050);
        for (const n of host.with({}).iterateSync(counting, 1e9)) if (n === 500) break;
        assert.equal(await host.ended(), 2);
        const failed = thrown(() => [...host.with({}).iterateSync(fails, "throw")]);
        assert.ok(host.threw(failed, "after three"), String(failed));
      });

      test("it is ahead by `buffersize` at most, and does not keep others waiting then", async () => {
        for (const buffersize of [1, 2, 7, 100]) {
          const at = progress();
          const iteration = host.with({ buffersize }).iterate(counting, 1e9, at);
          const before = await host.ended();
          for (const consumed of [1, 2, 3]) {
            assert.equal((await iteration.next()).value, consumed);
            // This waits until the generator waits.
            assert.equal(await host.ended(), before);
            await until(() => at[0] >= Math.min(consumed + 1, buffersize));
            // The item at whose `yield` it waits is one more.
            assert.ok(at[0] <= consumed + buffersize + 1, `${at[0]} of ${consumed}, ${buffersize}`);
          }
          await iteration.return();
        }
      });

      test("leaving the loop runs its `finally`, and waits for it", async () => {
        for await (const n of host.with({}).iterate(counting, 1e9)) if (n === 1000) break;
        assert.equal(await host.ended(), 1);
        const failed = await rejection(
          (async () => {
            for await (const n of host.with({}).iterate(counting, 1e9))
              if (n === 3) throw new TypeError("mine");
          })(),
        );
        assert.equal(failed.message, "mine");
        assert.equal(await host.ended(), 2);
        const iteration = host.with({}).iterate(counting, 1e9);
        await iteration.next();
        const steps = Array.from({ length: 200 }, () => iteration.next());
        assert.deepEqual(await iteration.return(), { done: true, value: undefined });
        for (const step of await Promise.all(steps)) assert.ok(step.done === true || step.value > 1);
        assert.equal(await host.ended(), 3);
        const failing = host.with({}).iterate(fails, "finally");
        await failing.next();
        const inFinally = await rejection(failing.return());
        assert.ok(host.threw(inFinally, "in finally"), String(inFinally));
      });

      test("nothing runs before the first item is asked for", async () => {
        const at = progress();
        const iteration = host.with({}).iterate(counting, 10, at);
        assert.equal(await host.ended(), 0);
        await iteration.return();
        assert.deepEqual(await iteration.next(), { done: true, value: undefined });
        assert.equal(at[0], 0);
      });

      test("calls of `next` that overlap are answered in order", async () => {
        const iteration = host.with({ buffersize: 3 }).iterate(counting, 50);
        const steps = await Promise.all(Array.from({ length: 52 }, () => iteration.next()));
        assert.deepEqual(
          steps.map(({ value }) => value),
          [...Array.from({ length: 50 }, (_, i) => i + 1), "end", undefined],
        );
      });

      test("a failure arrives after the items before it", async () => {
        for (const buffersize of [1, 64]) {
          const { items, error } = await all(host.with({ buffersize }).iterate(fails, "throw"));
          assert.deepEqual(items, [1, 2, 3]);
          assert.ok(host.threw(error, "after three"), String(error));
        }
        const { items, error } = await all(host.with({}).iterate(fails, "closure"));
        assert.deepEqual(items, [1, 2, 3]);
        assert.ok(error instanceof NotShareableError, String(error));
        // That ended the generator, too.
        assert.equal(await host.ended(), 3);
      });

      test("so does a death", async () => {
        const { items, error } = await all(host.with({}).iterate(fails, "exit"));
        assert.deepEqual(items, [1, 2, 3]);
        assert.ok(error instanceof InterpreterDiedError, String(error));
        assert.equal(error.reason, "exit");
        assert.equal(error.exitCode, 3);
      });

      test("a death while it waits loses no item that it has put", async () => {
        const at = progress();
        const iteration = host.with({ buffersize: 10 }).iterate(counting, 1e9, at);
        assert.equal((await iteration.next()).value, 1);
        await until(() => at[0] > 5);
        await created()[0].terminate();
        let last = 1;
        const failed = await rejection(
          (async () => {
            for await (const n of iteration) assert.equal(n, ++last);
          })(),
        );
        assert.ok(failed instanceof InterpreterDiedError, String(failed));
        assert.ok(last >= 5, `${last}`);
        assert.deepEqual(await iteration.next(), { done: true, value: undefined });
      });

      test("its time limit counts only the time that it runs", async () => {
        // Long enough for a busy machine to produce three items.
        const view = host.with({ timeout: 1_000, buffersize: 1 });
        const { items, error } = await all(view.iterate(fails, "hang"));
        assert.deepEqual(items, [1, 2, 3]);
        deathByLimit(error);
        await host.stop();
        host = make();
        const iteration = host.with({ timeout: 1_000, buffersize: 1 }).iterate(counting, 6);
        for (let n = 1; n <= 6; n++) {
          assert.equal((await iteration.next()).value, n);
          // The consumer takes longer than the limit, in all.
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        assert.equal((await iteration.next()).value, "end");
      });

      test("a signal ends one that waits at its `yield`, and its interpreter lives on", async () => {
        const controller = new AbortController();
        const iteration = host.with({ signal: controller.signal, buffersize: 1 }).iterate(counting, 1e9);
        await iteration.next();
        // It waits.
        await host.ended();
        const [interp] = created();
        const reason = new Error("enough");
        controller.abort(reason);
        assert.equal(await rejection(iteration.next()), reason);
        assert.deepEqual(await iteration.next(), { done: true, value: undefined });
        await until(() => !interp.isRunning());
        assert.equal(await host.ended(), 1);
        assert.deepEqual(created(), [interp]);
        const again = host.with({ signal: controller.signal }).iterate(counting, 5);
        assert.equal(await rejection(again.next()), reason);
        assert.equal(
          thrown(() => host.with({ signal: controller.signal }).iterateSync(counting, 5).next()),
          reason,
        );
      });

      test("a signal spares an interpreter that computes something else while the generator waits", async () => {
        const controller = new AbortController();
        const iteration = host.with({ signal: controller.signal, buffersize: 1 }).iterate(counting, 1e9);
        await iteration.next();
        // It waits.
        await host.ended();
        const [interp] = created();
        const other = await busy(interp);
        controller.abort(new Error("enough"));
        await rejection(iteration.next());
        // Several times as long as a generator has that does not wait.
        await new Promise((resolve) => setTimeout(resolve, 300));
        other.release();
        assert.equal(await other.done, "released");
        await until(() => !interp.isRunning());
        assert.equal(await host.ended(), 1);
        assert.deepEqual(created(), [interp]);
      });

      test("a signal ends one that comes to its `yield` soon, and its interpreter lives on", async () => {
        // "Soon" is 50 ms. A busy machine may keep the thread from running for so long, but hardly each time.
        for (let ended = 0; ended === 0;) {
          const controller = new AbortController();
          const iteration = host.with({ signal: controller.signal }).iterate(counting, 1e9);
          for (let n = 1; n < 2000; n++) await iteration.next();
          const [interp] = created();
          controller.abort();
          await iteration.next().catch(() => {});
          // Its end and this call race.
          do {
            ended = await Promise.resolve(host.ended()).catch(() => 0);
          } while (ended === 0 && created().includes(interp));
          if (ended > 0) continue;
          await host.stop();
          host = make();
        }
      });

      test("a signal stops one that does not come to its `yield`, with its interpreter", async () => {
        const controller = new AbortController();
        const iteration = host.with({ signal: controller.signal }).iterate(fails, "hang");
        for (let n = 1; n <= 3; n++) assert.equal((await iteration.next()).value, n);
        const [interp] = created();
        const next = iteration.next();
        controller.abort();
        assert.equal((await rejection(next)).name, "AbortError");
        await until(() => !created().includes(interp));
      });

      test("in line it can be withdrawn", async () => {
        const running = host.with({}).iterate(fails, "hang");
        for (let n = 1; n <= 3; n++) await running.next();
        const late = host.with({ waitTimeout: 10 }).iterate(counting, 3);
        assert.equal((await rejection(late.next())).name, "TimeoutError");
        assert.equal(
          thrown(() => host.with({ waitTimeout: 10 }).iterateSync(counting, 3).next()).name,
          "TimeoutError",
        );
        const controller = new AbortController();
        const aborted = host.with({ signal: controller.signal }).iterate(counting, 3);
        const first = aborted.next();
        controller.abort();
        assert.equal((await rejection(first)).name, "AbortError");
        const left = host.with({}).iterate(counting, 3);
        const never = left.next();
        await left.return();
        assert.deepEqual(await never, { done: true, value: undefined });
      });
    });
  }

  describe(`anything iterable in ${where}`, limits, () => {
    let host: Host;
    beforeEach(() => {
      host = make();
    });
    afterEach(() => host.stop());

    test("iterables, iterators, and promises of them", async () => {
      const view = host.with({});
      assert.deepEqual((await all(view.iterate(() => [1, "a", { b: 2 }]))).items, [1, "a", { b: 2 }]);
      assert.deepEqual((await all(view.iterate((map) => map, new Map([[1, 2]])))).items, [[1, 2]]);
      assert.deepEqual((await all(view.iterate(() => "héy"))).items, ["h", "é", "y"]);
      assert.deepEqual((await all(view.iterate(async () => new Set([1])))).items, [1]);
      assert.deepEqual((await all(view.iterate(() => [Promise.resolve(1), 2]))).items, [1, 2]);
      const bare = (): { next(): IteratorResult<number> } => {
        let n = 0;
        return { next: () => (n < 2 ? { value: n++, done: false } : { value: undefined, done: true }) };
      };
      assert.deepEqual((await all(view.iterate(bare))).items, [0, 1]);
      const rejected = await all(
        view.iterate(function* () {
          yield 1;
          yield Promise.reject(new RangeError("late"));
        }),
      );
      assert.deepEqual(rejected.items, [1]);
      assert.ok(host.threw(rejected.error, "late"));
    });

    test("anything else is an error that says so", async () => {
      const { error } = await all(host.with({}).iterate((() => 5) as never));
      assert.ok(
        error instanceof TypeError && /must return an iterable.*found 5/.test(error.message),
        String(error),
      );
      const captured = 1;
      const refused = await all(
        host.with({}).iterate(function* () {
          yield captured;
        }),
      );
      assert.ok(refused.error instanceof NotShareableError && /captured/.test(refused.error.message));
      const badArgs = await all(host.with({}).iterate((x: number) => [x], (() => 0) as never));
      assert.ok(badArgs.error instanceof NotShareableError && badArgs.error.message.includes("args[0]"));
      for (const buffersize of [0, -1, 1.5, "2", null])
        assert.throws(() => host.with({ buffersize: buffersize as never }), /buffersize/);
    });

    test("large items, and moved arguments", async () => {
      const size = 4 << 20;
      const chunks = host.with({ buffersize: 2 }).iterate(function* (size: number) {
        for (let i = 1; i <= 3; i++) yield new Uint8Array(size).fill(i);
      }, size);
      let n = 0;
      for await (const chunk of chunks) assert.deepEqual([chunk.length, chunk[size - 1]], [size, ++n]);
      assert.equal(n, 3);
      const bytes = new Uint8Array(size);
      const back = host.with({}).iterate((b: Uint8Array) => [b.length], move(bytes));
      assert.deepEqual((await all(back)).items, [size]);
      assert.equal(bytes.length, 0);
    });

    test("an item arrives at once, though the next one is far", async () => {
      const iteration = host.with({}).iterate(async function* () {
        yield 1;
        await new Promise(() => {});
      });
      assert.equal((await iteration.next()).value, 1);
    });

    test("a `finally` that does not end is stopped with its interpreter when a signal aborts", async () => {
      const controller = new AbortController();
      const iteration = host.with({ signal: controller.signal, buffersize: 1 }).iterate(function* () {
        try {
          for (;;) yield 1;
        } finally {
          for (;;);
        }
      });
      await iteration.next();
      const [interp] = created();
      controller.abort();
      assert.equal((await rejection(iteration.next())).name, "AbortError");
      await until(() => !created().includes(interp));
    });

    test("no list shows the hidden queue", async () => {
      const listed = listQueues();
      const iteration = host.with({}).iterate(count, 1e9);
      await iteration.next();
      assert.ok(listQueues().length <= listed.length);
      await iteration.return();
    });

    test("an iterator that is collected ends its generator", async () => {
      await (async () => {
        const forgotten = host.with({ buffersize: 1 }).iterate(count, 1e9);
        await forgotten.next();
      })();
      await host.ended();
      let ended = 0;
      while (ended === 0) {
        gc();
        ended = await host.ended();
      }
    });

    test("a consumer that dies ends it", async () => {
      await using consumer = create();
      // The consumer's own handle to the pool cannot travel, but one to its worker can.
      await host.ended();
      const [target] = created().filter((interp) => interp !== consumer);
      const taken = channel<number>();
      const consuming = consumer.call(
        async (target, taken) => {
          const iteration = target.iterate(function* () {
            try {
              for (let i = 0; ; i++) yield i;
            } finally {
              globalThis.ended = 1;
            }
          });
          taken.putNowait((await iteration.next()).value as number);
          await new Promise(() => {});
        },
        target,
        taken,
      );
      consuming.catch(() => {});
      assert.equal(await taken.get(), 0);
      await consumer.terminate();
      await rejection(consuming);
      await until(() => !target.isRunning());
      assert.equal(await host.ended(), 1);
    });
  });
}

test("an interpreter that is gone, or is asked from within", limits, async () => {
  const interp = create();
  const before = interp.iterate(count, 3);
  await interp.close();
  assert.ok((await rejection(before.next())) instanceof InterpreterNotFoundError);
  await using one = create();
  const code = await one.call(async () => {
    const { getCurrent } = await import("interpreters");
    const self = getCurrent();
    const error = (action: () => unknown): unknown => {
      try {
        action();
      } catch (error) {
        return (error as InterpreterError).code;
      }
      return undefined;
    };
    return [
      error(() => self.iterateSync(() => [1]).next()),
      await self
        .iterate(() => [1])
        .next()
        .catch((error: InterpreterError) => error.code),
    ];
  });
  assert.deepEqual(code, ["ERR_INTERPRETER_DEADLOCK", "ERR_INTERPRETER_CURRENT"]);
});

test("a generator function cannot be called, and the error names iterate", limits, async () => {
  await using interp = create();
  const error = await rejection(
    interp.call(function* named() {
      yield 1;
    }),
  );
  assert.ok(error instanceof NotShareableError && /"named".*iterate\(\)/.test(error.message), error.message);
});

describe("beside other work", limits, () => {
  test("a pool of one worker runs the tasks that the loop submits, whatever its `concurrency`", async () => {
    for (const concurrency of [1, 3]) {
      await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency });
      let sum = 0;
      for await (const n of pool.with({ buffersize: 2 }).iterate(count, 50))
        sum += await pool.submit((x: number) => x * 2, n);
      assert.equal(sum, 2550);
    }
  });

  test("many generators wait in one worker", async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const iterations = Array.from({ length: 60 }, () => pool.with({ buffersize: 1 }).iterate(count, 1e9));
    for (const iteration of iterations) assert.equal((await iteration.next()).value, 1);
    for (const iteration of iterations) assert.equal((await iteration.next()).value, 2);
    assert.equal(await pool.submit(() => 5), 5);
    await Promise.all(iterations.map((iteration) => iteration.return()));
    assert.equal(await pool.submit(endedHere), 60);
  });

  test("it is not run again, and other tasks of its worker are", async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 3 });
    const { items, error } = await all(pool.iterate(failing, "exit"));
    assert.deepEqual(items, [1, 2, 3]);
    assert.ok(error instanceof InterpreterDiedError);
    const waiting = pool.with({ buffersize: 1 }).iterate(count, 1e9);
    await waiting.next();
    await pool.submit(() => 1);
    assert.ok((await rejection(pool.submit(() => process.exit(4)))) instanceof InterpreterDiedError);
    const after = await all(waiting);
    assert.ok(after.error instanceof InterpreterDiedError, String(after.error));
  });

  test("a worker that has done its last task goes on with its generator", async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 2, maxTasksPerInterpreter: 1 });
    const iteration = pool.with({ buffersize: 1 }).iterate(count, 20);
    let last = 0;
    for await (const n of iteration) {
      assert.equal(n, ++last);
      assert.equal(await pool.submit((x: number) => x, n), n);
    }
    assert.equal(last, 20);
  });

  test("shutdown waits for it, and terminateWorkers ends it", async () => {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const iteration = pool.with({ buffersize: 1 }).iterate(count, 5);
    await iteration.next();
    const finished = pool.shutdown();
    assert.throws(() => pool.iterate(count, 1), { code: "ERR_EXECUTOR_SHUTDOWN" });
    assert.deepEqual((await all(iteration)).items, [2, 3, 4, 5]);
    await finished;
    const other = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const running = other.iterate(count, 1e9);
    await running.next();
    const inLine = other.with({ priority: -1 }).iterate(failing, "hang");
    const first = inLine.next();
    await other.terminateWorkers();
    assert.ok((await all(running)).error instanceof InterpreterDiedError);
    await first.catch(() => {});
  });

  test("close waits for it with `wait`, and refuses without", async () => {
    const interp = create();
    const iteration = interp.with({ buffersize: 1 }).iterate(count, 3);
    await iteration.next();
    assert.equal((await rejection<InterpreterError>(interp.close())).code, "ERR_INTERPRETER_RUNNING");
    const closed = interp.close({ wait: true });
    assert.deepEqual((await all(iteration)).items, [2, 3]);
    await closed;
  });
});

test("a thousand iterations that are left leave nothing behind", { timeout: 2 * WATCHDOG }, async () => {
  const interp = create();
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const rounds = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      for await (const n of interp.iterate(count, 1e9)) if (n === 3) break;
      for await (const n of pool.iterate(countLater, 1e9)) if (n === 3) break;
      await pool.iterate(count, 10).next();
    }
  };
  await rounds(20);
  gc();
  const before = countQueues();
  await rounds(1000);
  // The last ones may not be collected yet; all others are gone.
  await until(() => {
    gc();
    return countQueues() <= before + 2;
  });
  const [here, there] = [await interp.call(endedHere), await pool.submit(endedHere)];
  assert.equal(here, 1020);
  assert.ok(there >= 1020);
  await interp.close();
  await pool.shutdown();
  await baseline();
});
