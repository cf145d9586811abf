/** Callbacks: functions that run in their owner, called from other interpreters, in both forms. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  type Callback,
  callback,
  create,
  createQueue,
  ExecutionFailed,
  fromModule,
  InterpreterDiedError,
  InterpreterError,
  InterpreterPoolExecutor,
  isShareable,
  Lock,
  move,
  NotShareableError,
} from "interpreters";
import { waitersOf } from "../support/queues.js";
import { channel, limits, rejection, thrown, until, using } from "../support/ways.js";

const inside = fromModule<typeof import("./inside.js")>(new URL("./inside.js", import.meta.url));

type Double = Callback<[n: number], number>;
const double = (n: number): number => n * 2;
type Through = (f: Double, n: number) => Promise<number> | number;
const asPromise: Through = (f, n) => f(n);
const blocking: Through = (f, n) => f.sync(n);

for (const [name, fn] of [
  ["as a promise", asPromise],
  ["blocking", blocking],
] as const) {
  test(`a callback is called ${name}, while its owner waits in either form`, limits, () =>
    using(async (interp) => {
      using f = callback(double);
      assert.equal(await interp.call(fn, f, 4), 8);
      // A promise cannot be awaited by a blocked caller's function, but it is awaited by the call.
      assert.equal(interp.callSync(fn, f, 5), 10);
      assert.equal(await interp.with({ timeout: 60_000 }).call(fn, f, 6), 12);
    }),
  );

  test(`the error of a callback that is called ${name} is that of a call`, limits, () =>
    using(async (interp) => {
      using f = callback((n: number): number => {
        throw new RangeError(`bad ${n}`, { cause: "why" });
      });
      const outer = await rejection<ExecutionFailed>(interp.call(fn, f, 1));
      const inner = outer.cause as ExecutionFailed;
      assert.ok(inner instanceof ExecutionFailed, String(inner));
      assert.equal(inner.interpreterId, 0);
      assert.ok(inner.cause instanceof RangeError);
      assert.equal(inner.cause.message, "bad 1");
      assert.equal(inner.cause.cause, "why");
    }),
  );

  test(`an ended callback that is called ${name} says so`, limits, () =>
    using(async (interp) => {
      const f = callback(double);
      await interp.prepareMain({ f });
      f[Symbol.dispose]();
      const error = await rejection<ExecutionFailed>(interp.call(fn, f, 1)).catch((e: unknown) => e);
      assert.ok(error instanceof NotShareableError, String(error));
      assert.match(error.message, /args\[0\] is a callback that was ended/);
      const deep = (await rejection(interp.call(inside.make, { in: [1, f] } as never))) as Error;
      assert.match(deep.message, /args\[0\]\.in\[1\] is a callback that was ended/);
      const late = await rejection<ExecutionFailed>(interp.call(inside.callGlobal, "f", fn === blocking));
      assert.equal((late.cause as InterpreterError).code, "ERR_CALLBACK_ENDED");
      assert.equal((thrown(() => f.sync(1)) as InterpreterError).code, "ERR_CALLBACK_ENDED");
      assert.equal((await rejection<InterpreterError>(f(1))).code, "ERR_CALLBACK_ENDED");
    }),
  );

  test(`a dead owner: a callback called ${name} fails with InterpreterDiedError`, limits, () =>
    using(async (caller) => {
      const owner = create();
      const f = await owner.call(inside.make, 3);
      await caller.prepareMain({ f });
      assert.equal(await caller.call(inside.callGlobal, "f", fn === blocking), 3);
      await owner.terminate();
      for (const attempt of [
        () => caller.call(inside.callGlobal, "f", fn === blocking),
        () => caller.call(inside.callGlobal, "f", fn === blocking),
      ]) {
        const error = (await rejection<ExecutionFailed>(attempt())).cause;
        assert.ok(error instanceof InterpreterDiedError, String(error));
        assert.equal(error.interpreterId, owner.id);
        assert.equal(error.reason, "terminated");
      }
      assert.ok((await rejection(f(1))) instanceof InterpreterDiedError);
      assert.ok(thrown(() => f.sync(1)) instanceof InterpreterDiedError);
    }),
  );
}

test("in its owner, a callback is the function", limits, async () => {
  const seen: number[] = [];
  using f = callback((n: number) => seen.push(n));
  assert.equal(await f(1), 1);
  assert.equal(f.sync(2), 2);
  assert.equal(callback(f), f, "marking it twice changes nothing");
  const error = new TypeError("mine");
  using bad = callback(() => {
    throw error;
  });
  assert.equal(await rejection(bad()), error);
  assert.equal(
    thrown(() => bad.sync()),
    error,
  );
  using later = callback(async () => 1);
  assert.equal(await later(), 1);
  assert.equal(thrown<InterpreterError>(() => later.sync()).code, "ERR_INTERPRETER_DEADLOCK");
  assert.ok(thrown(() => callback(1 as never)) instanceof TypeError);
  assert.ok(isShareable({ f }));
  assert.ok(!isShareable({ f: () => 1 }));
});

test("a callback travels in every message, at any depth, and comes back as itself", limits, () =>
  using(async (interp) => {
    using f = callback(double);
    const back = await interp.call((x: { list: [Double] }) => ({ again: [x.list[0]] }), { list: [f] });
    assert.equal(back.again[0], f);
    const queue = createQueue<{ f: Double }>();
    queue.putNowait({ f });
    queue.putMany([{ f }, { f }]);
    for (let i = 0; i < 3; i++) assert.equal(await interp.call(inside.nextOf, queue, i), i * 2);
  }),
);

test("a callback arrives as one function, however often it is sent", limits, () =>
  using(async (interp) => {
    using f = callback(double);
    await interp.prepareMain({ f });
    assert.ok(await interp.call(inside.isGlobal, f, "f"));
  }),
);

test("a third interpreter calls the owner, also when the second is gone", limits, () =>
  using(async (third) => {
    const second = create();
    using f = callback(double);
    const q = channel<Double>();
    await second.call((f: Double, q: { putNowait(f: Double): void }) => q.putNowait(f), f, q);
    await second.close();
    assert.equal(await third.call(async (q: { get(): Promise<Double> }) => (await q.get())(21), q), 42);
  }),
);

test("arguments and results are copied, moved, or refused with their path", limits, () =>
  using(async (interp) => {
    using size = callback((b: ArrayBuffer) => b.byteLength);
    assert.deepEqual(await interp.call(inside.moveTo, size, 5 << 20), [5 << 20, 0]);
    using make = callback((n: number) => move(new ArrayBuffer(n)));
    assert.equal(await interp.call(async (f: typeof make) => (await f(5 << 20)).byteLength, make), 5 << 20);
    using bad = callback(() => ({ deep: [() => 1] }));
    const error = await rejection<ExecutionFailed>(interp.call((f: typeof bad) => f(), bad));
    assert.ok(error.cause instanceof NotShareableError, String(error.cause));
    assert.match(error.cause.message, /result\.deep\[0\]/);
    using any = callback((x: unknown) => x);
    const sent = await rejection<ExecutionFailed>(interp.call((f: typeof any) => f({ a: [() => 1] }), any));
    assert.match((sent.cause as Error).message, /args\[0\]\.a\[0\]/);
  }),
);

test("calls of one interpreter begin in their order", limits, () =>
  using(async (interp) => {
    const seen: number[] = [];
    using f = callback((n: number) => void seen.push(n));
    await interp.call(async (f: Callback<[number], void>) => {
      const all: Promise<void>[] = [];
      for (let i = 0; i < 100; i++) all.push(f(i));
      f.sync(100);
      await Promise.all(all);
    }, f);
    assert.deepEqual(
      seen,
      Array.from({ length: 101 }, (_, i) => i),
    );
  }),
);

test("while its owner blocks, callbacks of all interpreters run, whatever it blocks for", limits, () =>
  using((a) =>
    using(async (b) => {
      const said = channel<string>();
      const gate = createQueue<string>();
      const seen: string[] = [];
      using f = callback((who: string) => {
        seen.push(who);
        if (seen.length === 2) gate.putNowait("open");
        return who;
      });
      const other = b.call(async (f: Callback<[string], string>) => await f("b"), f);
      const own = a.call((f: Callback<[string], string>) => f.sync("a"), f);
      // This thread blocks for a queue until both were called.
      assert.equal(gate.getSync({ timeout: 60_000 }), "open");
      assert.deepEqual(seen.toSorted(), ["a", "b"]);
      assert.deepEqual(await Promise.all([own, other]), ["a", "b"]);
      assert.equal(said.qsize(), 0);
    }),
  ),
);

test("a callback may block in turn, down a chain of interpreters, and back", limits, () =>
  using((a) =>
    using(async (b) => {
      using inner = callback((n: number) => n + 1);
      using outer = callback((n: number) => b.callSync(blocking, inner, n) * 10);
      assert.equal(a.callSync(blocking, outer, 1), 20);
      assert.equal(await a.call(blocking, outer, 1), 20);
      assert.equal(await a.call(asPromise, outer, 1), 20);
    }),
  ),
);

test("a callback that would wait for what waits for it is a deadlock, and found", limits, () =>
  using(async (a) => {
    using again = callback((n: number) => a.callSync((n: number) => n, n));
    for (const attempt of [
      () => rejection(a.call(blocking, again, 1)),
      () => thrown(() => a.callSync(blocking, again, 1)),
    ]) {
      let error = (await attempt()) as ExecutionFailed;
      while (error.code === "ERR_EXECUTION_FAILED") error = error.cause as ExecutionFailed;
      assert.equal(error.code, "ERR_INTERPRETER_DEADLOCK", String(error));
    }
    assert.equal(await a.call(double, 2), 4);
  }),
);

test(
  "an owner that runs a callback within a blocking call can release what others wait for: no deadlock",
  limits,
  () =>
    using((a) =>
      using(async (b) => {
        const lock = new Lock();
        await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
        for (const form of ["callback", "report", "callback", "report"] as const) {
          const [waits, running] = [channel<string>(), channel<string>()];
          const held = lock.acquireSync();
          const release = (): void => {
            running.putNowait("running");
            // Interpreter a begins to wait for the lock of this thread, which waits for a.
            waits.getSync({ timeout: 60_000 });
            while (waitersOf(lock) === 0);
            held.release();
          };
          using f = callback(release);
          const other =
            form === "callback"
              ? b.call(async (f: Callback<[], void>) => await f(), f)
              : pool.with({ onProgress: release }).submit((report: (n: number) => void) => report(1));
          assert.equal(a.callSync(inside.acquireWhile, lock, running, waits), "acquired");
          await other;
        }
      }),
    ),
);

test(
  "a callback that does not release it: the one that waits for the lock is refused when the callback ends",
  limits,
  () =>
    using((a) =>
      using(async (b) => {
        const lock = new Lock();
        const [waits, running] = [channel<string>(), channel<string>()];
        using held = lock.acquireSync();
        using f = callback(() => {
          running.putNowait("running");
          waits.getSync({ timeout: 60_000 });
          while (waitersOf(lock) === 0);
        });
        const other = b.call(async (f: Callback<[], void>) => await f(), f);
        const error = thrown<ExecutionFailed>(() => a.callSync(inside.acquireWhile, lock, running, waits));
        assert.equal((error.cause as InterpreterError).code, "ERR_INTERPRETER_DEADLOCK", String(error));
        assert.match(error.message, new RegExp(`waits for a reply of interpreter ${a.id}`));
        await other;
        assert.equal(held.abandoned, undefined);
      }),
    ),
);

test("a promise cannot settle while its owner blocks for the caller, and this is found", limits, () =>
  using(async (a) => {
    using later = callback(async (n: number) => n * 2);
    const error = thrown<ExecutionFailed>(() => a.callSync(blocking, later, 1)).cause as InterpreterError;
    assert.equal(error.code, "ERR_INTERPRETER_DEADLOCK", String(error));
    assert.equal(await a.call(blocking, later, 1), 2, "on its event loop it can");
  }),
);

test("an interpreter calls back into one that is in the middle of an asynchronous call", limits, () =>
  using((a) =>
    using(async (b) => {
      // `a` makes a callback and awaits `b`, which calls it in both forms.
      assert.deepEqual(await a.call(inside.askOther, b), [2, 4]);
    }),
  ),
);

test("callbacks run in the asynchronous context in which they were made", limits, () =>
  using(async (interp) => {
    const storage = new AsyncLocalStorage<string>();
    const f = storage.run("made here", () => callback(() => storage.getStore() ?? "none"));
    assert.equal(await interp.call((f: Callback<[], string>) => f(), f), "made here");
    assert.equal(
      interp.callSync((f: Callback<[], string>) => f.sync(), f),
      "made here",
    );
  }),
);

test("a worker thread that the package did not start owns callbacks as well", limits, () =>
  using(async (interp) => {
    const queue = channel<Double>();
    const worker = new Worker(new URL("./owner.js", import.meta.url), { workerData: undefined });
    try {
      const id = await new Promise<number>((resolve) => worker.once("message", resolve));
      const { Queue } = await import("interpreters");
      const q = new Queue<Double>(id);
      const f = (await q.get()) as Double;
      assert.equal(await f(4), 12);
      assert.equal(f.sync(5), 15);
      assert.equal(await interp.call(blocking, f, 6), 18);
      const pending = rejection(f(-1));
      await worker.terminate();
      assert.ok((await pending) instanceof InterpreterDiedError);
      assert.ok((await rejection(f(1))) instanceof InterpreterDiedError);
    } finally {
      await worker.terminate();
    }
    assert.equal(queue.qsize(), 0);
  }),
);

test("tasks of a pool get callbacks, also when they are run again after a death", limits, async () => {
  await using executor = new InterpreterPoolExecutor({ maxWorkers: 2, retries: 1 });
  const seen: number[] = [];
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      executor.submit(
        async (f: Callback<[number], number>, n: number) => {
          if ((await f(n)) === 1 && n === 7) process.exit(1);
          return n;
        },
        callback((n: number) => {
          seen.push(n);
          return seen.filter((each) => each === n).length;
        }),
        n,
      ),
    ),
  );
  assert.deepEqual(
    results,
    Array.from({ length: 20 }, (_, n) => n),
  );
  // Whatever ran beside it has run again, too.
  assert.equal(new Set(seen).size, 20);
  assert.equal(seen.filter((n) => n === 7).length, 2);
});

test("given back by a receiver, a callback is ended there alone, until it arrives again", limits, () =>
  using(async (interp) => {
    using f = callback(double);
    assert.equal(
      await interp
        .call((f: Double) => {
          f[Symbol.dispose]();
          return f.sync(1);
        }, f)
        .catch((error: ExecutionFailed) => (error.cause as InterpreterError).code),
      "ERR_CALLBACK_ENDED",
    );
    assert.equal(await interp.call(blocking, f, 2), 4);
  }),
);

test("an owner that dies while it runs a callback: the call ends with the death", limits, () =>
  using(async (caller) => {
    const owner = create();
    const f = await owner.call(inside.makeDeadly);
    for (const form of [asPromise, blocking]) {
      const error = (await rejection<ExecutionFailed>(caller.call(form, f as Double, 1))).cause;
      assert.ok(error instanceof InterpreterDiedError, String(error));
    }
    await until(() => {
      try {
        owner.isRunning();
        return false;
      } catch {
        return true;
      }
    });
  }),
);

test("an idle owner answers, also that a callback was ended", limits, () =>
  using(async (interp) => {
    const codes = channel<string>();
    const f = callback(() => 1);
    await interp.prepareMain({ f, codes });
    // From here on this thread awaits nothing of the package: only its event loop goes on.
    const calling = `setTimeout(() => f().then((n) => codes.put("result " + n), (error) => codes.put(error.code)), 1)`;
    await interp.exec(calling);
    await until(() => codes.qsize() === 1, "it is called");
    f[Symbol.dispose]();
    await interp.exec(calling);
    await until(() => codes.qsize() === 2, "the caller learns that it was ended");
    assert.deepEqual([codes.getNowait(), codes.getNowait()], ["result 1", "ERR_CALLBACK_ENDED"]);
  }),
);
