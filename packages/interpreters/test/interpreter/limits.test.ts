/** Time limits and signals: waiting work is cancelled, running work is stopped together with its interpreter. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import {
  create,
  type InterpreterDiedError,
  InterpreterNotFoundError,
  listAll,
  type Queue,
} from "interpreters";
import { busy, channel, deathByLimit, limits, rejection, thrown, using } from "../support/ways.js";

const spin = (started: Queue<string>): never => {
  started.putNowait("started");
  for (;;) continue;
};
const hang = (started: Queue<string>): Promise<never> => {
  started.putNowait("started");
  return new Promise(() => {});
};
const sleepInside = (started: Queue<string>): unknown => {
  started.putNowait("started");
  return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const works = { spin, hang, sleepInside };

test("a time limit stops work that runs too long, and says so", limits, async () => {
  for (const [name, work] of Object.entries(works)) {
    const interp = create();
    const error = await rejection(interp.with({ timeout: 30 }).call(work, channel<string>()));
    assert.match(
      error.message,
      /^Cannot call a function in interpreter \d+: it took longer than 30 ms$/,
      name,
    );
    const death = deathByLimit(error);
    assert.equal(death.interpreterId, interp.id);
    assert.match(death.message, /time limit/);
    assert.ok((await rejection(interp.exec("1"))) instanceof InterpreterNotFoundError);
  }
});

test("a time limit stops work while this thread is blocked", limits, () => {
  for (const [name, work] of Object.entries(works)) {
    const interp = create();
    const error = thrown(() => interp.with({ timeout: 30 }).callSync(work, channel<string>()));
    assert.equal(deathByLimit(error).interpreterId, interp.id, name);
  }
  deathByLimit(thrown(() => create().with({ timeout: 30 }).execSync("for (;;);")));
});

test("a time limit given to exec itself counts, and overrides that of with", limits, async () => {
  const interp = create();
  deathByLimit(await rejection(interp.with({ timeout: 1e9 }).exec("for (;;);", { timeout: 30 })));
});

test("work that ends in time has its result, and its limit harms nothing afterwards", limits, () =>
  using(async (interp) => {
    await interp.exec("1");
    for (let i = 0; i < 200; i++)
      assert.equal(await interp.with({ timeout: 10_000 }).call((n: number) => n, i), i);
    // The limit of an earlier work item passes while a later one runs.
    assert.equal(await interp.with({ timeout: 1000 }).call(() => "short"), "short");
    const { done, release } = await busy(interp);
    await passed(1200);
    release();
    assert.equal(await done, "released");
  }),
);

/** Returns once a time limit of that length, set after those before it, has passed and been enforced. */
async function passed(timeout: number): Promise<void> {
  const other = create();
  await other.exec("1");
  deathByLimit(await rejection(other.with({ timeout }).exec("for (;;);")));
}

test("the time that work waits in line does not count", limits, () =>
  using(async (interp) => {
    const { done, release } = await busy(interp);
    const waiting = interp.with({ timeout: 1000 }).call(() => "in time");
    await passed(1200);
    release();
    assert.equal(await done, "released");
    assert.equal(await waiting, "in time");
  }),
);

test("an infinite or very long time limit stops nothing", limits, () =>
  using(async (interp) => {
    assert.equal(await interp.with({ timeout: Infinity }).call(() => 1), 1);
    assert.equal(
      interp.with({ timeout: 2 ** 40 }).callSync(() => 2),
      2,
    );
  }),
);

test("work that waits behind fails for the same reason", limits, async () => {
  const interp = create();
  const slow = rejection(interp.with({ timeout: 30 }).exec("for (;;);"));
  const behind = rejection<InterpreterDiedError>(interp.call(() => 1));
  deathByLimit(await slow);
  assert.equal((await behind).reason, "timeout");
});

test("work with a signal that is already aborted does not run", limits, () =>
  using(async (interp) => {
    const ran = channel<string>();
    const say = (ran: Queue<string>): void => ran.putNowait("ran");
    for (const reason of [new RangeError("mine"), "text", undefined]) {
      const signal = AbortSignal.abort(reason);
      const outcomes = [
        await rejection<unknown>(interp.with({ signal }).call(say, ran)),
        await rejection<unknown>(interp.with({ signal }).exec("1")),
        await rejection<unknown>(interp.exec("1", { signal })),
        thrown<unknown>(() => interp.with({ signal }).callSync(say, ran)),
        thrown<unknown>(() => interp.execSync("1", { signal })),
      ];
      for (const error of outcomes) assert.equal(error, signal.reason);
    }
    await interp.exec("1");
    assert.equal(ran.qsize(), 0);
  }),
);

test("a signal cancels waiting work, which fails with the signal's reason and never runs", limits, () =>
  using(async (interp) => {
    const { done, release } = await busy(interp);
    const ran = channel<string>();
    const say = (ran: Queue<string>, name: string): void => ran.putNowait(name);
    const abort = new AbortController();
    const before = interp.call(say, ran, "before");
    const cancelled = interp.with({ signal: abort.signal }).call(say, ran, "cancelled");
    const script = interp.exec("throw new Error('cancelled too')", { signal: abort.signal });
    const after = interp.call(say, ran, "after");
    const reason = new RangeError("changed my mind");
    abort.abort(reason);
    assert.equal(await rejection(cancelled), reason);
    assert.equal(await rejection(script), reason);
    assert.equal(interp.isRunning(), true, "running work is not touched");
    release();
    assert.equal(await done, "released");
    await Promise.all([before, after]);
    assert.deepEqual([ran.getNowait(), ran.getNowait(), ran.qsize()], ["before", "after", 0]);
  }),
);

test("a signal cancels work for an interpreter that is booting", limits, () =>
  using(async (interp) => {
    const abort = new AbortController();
    const work = interp.with({ signal: abort.signal }).call(() => 1);
    abort.abort();
    const error = await rejection(work);
    assert.ok(error instanceof DOMException && error.name === "AbortError" && error === abort.signal.reason);
    assert.equal(await interp.call(() => 2), 2);
  }),
);

test("a signal stops work that runs", limits, async () => {
  for (const [name, work] of Object.entries(works)) {
    const interp = create();
    const [started, abort] = [channel<string>(), new AbortController()];
    const running = interp.with({ signal: abort.signal }).call(work, started);
    running.catch(() => {});
    await started.get();
    abort.abort(new RangeError("enough"));
    assert.equal(await rejection(running), abort.signal.reason, name);
    assert.ok((await rejection(interp.exec("1"))) instanceof InterpreterNotFoundError);
  }
});

test("AbortSignal.timeout works like any other signal", limits, async () => {
  const interp = create();
  await interp.exec("1");
  const signal = AbortSignal.timeout(20);
  assert.equal(await rejection<unknown>(interp.exec("for (;;);", { signal })), signal.reason);
  await interp.terminate().catch(() => {});
});

test(
  "aborting a signal after the work has ended does no harm, and no listeners pile up on the signal",
  limits,
  () =>
    using(async (interp) => {
      const abort = new AbortController();
      let listeners = 0;
      const { signal } = abort;
      const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
      signal.addEventListener = (...args: Parameters<typeof add>): void => (listeners++, add(...args));
      signal.removeEventListener = (...args: Parameters<typeof remove>): void => (
        listeners--,
        remove(...args)
      );
      for (let i = 0; i < 20; i++) assert.equal(await interp.with({ signal }).call((n: number) => n, i), i);
      await rejection(
        interp.with({ signal }).call(() => {
          throw new Error("x");
        }),
      );
      assert.ok(listeners <= 1, `${listeners} listeners left`);
      abort.abort();
      await turn();
      assert.equal(await interp.call(() => "alive"), "alive");
    }),
);

test(
  "a signal at the very moment that work ends: a result or an error, never both, never neither",
  limits,
  async () => {
    let interp = create();
    await interp.exec("1");
    const outcomes = { result: 0, aborted: 0 };
    for (let round = 0; round < 200; round++) {
      const abort = new AbortController();
      const call = interp.with({ signal: abort.signal }).call((n: number) => n, round);
      for (let i = 0; i < round % 5; i++) await turn();
      abort.abort();
      try {
        assert.equal(await call, round);
        outcomes.result++;
      } catch (error) {
        assert.equal(error, abort.signal.reason);
        outcomes.aborted++;
        // It was withdrawn before it began, or its interpreter was stopped.
        if (listAll().includes(interp)) assert.equal(await interp.call(() => "alive"), "alive");
        else interp = create();
      }
    }
    assert.equal(outcomes.result + outcomes.aborted, 200);
    await interp.terminate();
  },
);

test(
  "a time limit at the very moment that work ends: a result and a live interpreter, or a timeout",
  limits,
  async () => {
    let interp = create();
    await interp.exec("1");
    for (let round = 0; round < 40; round++) {
      const work = (ms: number): string => {
        const end = performance.now() + ms;
        while (performance.now() < end) continue;
        return "done";
      };
      const result = await interp
        .with({ timeout: 2 })
        .call(work, round % 4)
        .catch((error: unknown) => error);
      if (result === "done") assert.equal(await interp.call(() => "alive"), "alive");
      else {
        deathByLimit(result);
        interp = create();
      }
    }
    await interp.terminate();
  },
);

test(
  "one signal for many work items cancels those that wait and stops the one that runs",
  limits,
  async () => {
    const interp = create();
    const [started, abort] = [channel<string>(), new AbortController()];
    const { signal } = abort;
    const running = rejection(interp.with({ signal }).call(hang, started));
    await started.get();
    // So many that the interpreter is dead before all of them are cancelled.
    const waiting = Array.from({ length: 5000 }, () => rejection(interp.with({ signal }).call(() => 1)));
    abort.abort();
    assert.equal(await running, signal.reason);
    for (const each of waiting) assert.ok((await each) === signal.reason, String(await each));
  },
);
