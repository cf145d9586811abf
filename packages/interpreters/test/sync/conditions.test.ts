/** `RLock`, `Condition` and `Barrier`, here and between interpreters (CPython: `lock_tests.py`). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Condition,
  create,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  InterpreterError,
  isShareable,
  Lock,
  RLock,
} from "interpreters";
import { waitersOf } from "../support/queues.js";
import { channel, rejection, thrown, until, using, WATCHDOG } from "../support/ways.js";
import { forms, give, meet, take } from "./works.js";

const works = fromModule<typeof import("./works.js")>(new URL("./works.js", import.meta.url));
const numbers = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

describe("RLock", { timeout: WATCHDOG }, () => {
  test("is acquired again by its owner, in each form, and released as often", async () => {
    const lock = new RLock();
    const all = [
      lock.acquireSync(),
      await lock.acquire(),
      lock.acquireSync({ timeout: 0 }),
      await lock.acquire({ timeout: 1 }),
      lock.tryAcquire(),
    ];
    for (const held of all) {
      assert.ok(lock.locked());
      held?.release();
    }
    assert.ok(!lock.locked());
    assert.equal(thrown<InterpreterError>(() => lock.release()).code, "ERR_NOT_HELD");
    assert.equal(thrown<InterpreterError>(() => all[0]?.release()).code, "ERR_NOT_HELD");
  });

  test("excludes other interpreters until it is released as often", () =>
    using(async (other) => {
      const lock = new RLock();
      lock.acquireSync();
      lock.acquireSync();
      const [held, gate] = [channel<number>(), channel<string>()];
      const holding = other.call(works.hold, lock as never, "blocking", held, gate);
      await until(() => waitersOf(lock) === 1);
      const there = await using(async (third) => await third.call(works.keep, lock as never));
      assert.equal(there, 0);
      lock.release();
      assert.equal(held.qsize(), 0);
      lock.release();
      assert.equal(await held.get(), other.id);
      assert.equal((await rejection<DOMException>(lock.acquire({ timeout: 1 }))).name, "TimeoutError");
      const waiting = [lock.acquire(), lock.acquire()];
      gate.putNowait("release");
      await holding;
      for (const mine of await Promise.all(waiting)) mine.release();
      assert.ok(!lock.locked());
    }));

  test("its owner dies: the next owner has it once, and is told", async () => {
    const lock = new RLock();
    const other = create();
    assert.equal(await other.call(works.keep, lock as never, 3), 3);
    await other.terminate();
    const held = await lock.acquire();
    assert.equal(held.abandoned, other.id);
    held.release();
    assert.ok(!lock.locked());
  });
});

for (const [name, make] of [
  ["its own lock", () => new Condition()],
  ["a Lock", () => new Condition(new Lock())],
  ["an RLock", () => new Condition(new RLock())],
] as const) {
  describe(`Condition with ${name}`, { timeout: WATCHDOG }, () => {
    for (const form of forms) {
      test(`two interpreters wait as ${form}, and as many go on as are notified`, () =>
        using((a) =>
          using(async (b) => {
            const condition = make();
            const number = numbers();
            const done: number[] = [];
            const all = [a, b].map(async (interp) => {
              await interp.call(works.take, condition, form, number);
              done.push(interp.id);
            });
            await until(() => waitersOf(condition) === 2);
            give(condition, number, 1);
            await until(() => done.length === 1);
            give(condition, number, 1);
            await Promise.all(all);
            assert.equal(number[0], 0);
            assert.ok(!condition.lock.locked());
          }),
        ));

      test(`this one waits as ${form} for another`, () =>
        using(async (other) => {
          const condition = make();
          const number = numbers();
          const giving = other.call(works.give, condition, number, 1);
          await take(condition, form, number);
          await giving;
        }));
    }

    test("a predicate is a function that returns no promise", async () => {
      const condition = make();
      await using _ = await condition.acquire();
      const wrong = [
        [5, /TypeError: waitFor(Sync)?: predicate must be a function, found 5/],
        [async () => false, /TypeError: waitFor(Sync)?: predicate returned a promise/],
        [() => Promise.reject(new Error("late")), /TypeError: waitFor(Sync)?: predicate returned a promise/],
      ] as unknown as [() => unknown, RegExp][];
      for (const [predicate, expected] of wrong) {
        assert.match(String(await rejection(condition.waitFor(predicate))), expected);
        assert.match(String(thrown(() => condition.waitForSync(predicate))), expected);
      }
      assert.ok(condition.lock.locked());
    });

    test("needs the lock to wait and to notify", async () => {
      const condition = make();
      for (const error of [
        await rejection<InterpreterError>(condition.wait()),
        await rejection<InterpreterError>(condition.waitFor(() => true)),
        thrown<InterpreterError>(() => condition.waitSync()),
        thrown<InterpreterError>(() => condition.waitForSync(() => true)),
        thrown<InterpreterError>(() => condition.notify()),
        thrown<InterpreterError>(() => condition.notifyAll()),
        thrown<InterpreterError>(() => condition.release()),
      ]) {
        assert.equal(error.code, "ERR_NOT_HELD");
      }
    });

    test("limits and signals end a wait, which then holds the lock again", async () => {
      const condition = make();
      const held = await condition.acquire();
      for (const timeout of [0, 10]) {
        for (const error of [
          await rejection<DOMException>(condition.wait({ timeout })),
          await rejection<DOMException>(condition.waitFor(() => false, { timeout })),
          thrown<DOMException>(() => condition.waitSync({ timeout })),
          thrown<DOMException>(() => condition.waitForSync(() => false, { timeout })),
        ]) {
          assert.equal(error.name, "TimeoutError");
          assert.ok(condition.lock.locked());
        }
      }
      const controller = new AbortController();
      const waiting = condition.wait({ signal: controller.signal });
      assert.ok(!condition.lock.locked());
      controller.abort("enough");
      assert.equal(await rejection(waiting), "enough");
      assert.ok(condition.lock.locked());
      assert.ok((await rejection(condition.wait({ timeout: -1 }))) instanceof RangeError);
      held.release();
      assert.ok(!condition.lock.locked());
    });

    test("a notification that comes too late for its waiter goes to the next", async () => {
      const condition = make();
      const controller = new AbortController();
      const wait = async (signal?: AbortSignal): Promise<string> => {
        const held = await condition.acquire();
        try {
          await condition.wait({ signal });
          return "notified";
        } catch {
          return "aborted";
        } finally {
          held.release();
        }
      };
      await using2(async (other) => {
        const first = wait(controller.signal);
        const number = numbers();
        const second = other.call(works.take, condition, "blocking", number);
        await until(() => waitersOf(condition) === 2);
        condition.acquireSync();
        number[0] = 1;
        condition.notify();
        controller.abort();
        condition.release();
        if ((await first) === "notified") give(condition, number, 1);
        await second;
      });
    });

    // Tasks on one event loop share an RLock.
    test("several tasks of several interpreters are all notified", { skip: name === "an RLock" }, () =>
      using(async (other) => {
        const condition = make();
        const number = numbers();
        const mine = Array.from({ length: 5 }, () => take(condition, "a promise", number));
        const there = other.call(works.take, condition, "a promise", number);
        await until(() => waitersOf(condition) === 2);
        condition.acquireSync();
        number[0] = 6;
        condition.notifyAll();
        condition.release();
        await Promise.all([...mine, there]);
        assert.equal(number[0], 0);
      }),
    );

    test("a waiter dies, and one that has the lock while others wait", async () => {
      const condition = make();
      const number = numbers();
      const [a, b] = [create(), create()];
      const dying = rejection(a.call(works.take, condition, "blocking", number));
      await until(() => waitersOf(condition) === 1);
      const waiting = (async () => {
        const held = await condition.acquire();
        const { abandoned } = await condition.wait();
        held.release();
        return abandoned;
      })();
      await until(() => waitersOf(condition) === 2);
      await a.terminate();
      await dying;
      assert.equal(await b.call(works.keep, condition.lock as Lock), 1);
      await b.call((condition: Condition) => condition.notifyAll(), condition);
      await b.terminate();
      assert.equal(await waiting, b.id);
      assert.ok(!condition.lock.locked());
    });

    test("the next owner learns of a death that a failed wait and waitFor cannot report", async () => {
      const condition = make();
      const controller = new AbortController();
      let looks = 0;
      const waits = {
        "a wait that is aborted": () => condition.wait({ signal: controller.signal }),
        waitFor: () => condition.waitFor(() => looks++ === 1),
      };
      for (const [what, wait] of Object.entries(waits)) {
        const other = create();
        const waiting = (async () => {
          await using _ = await condition.acquire();
          return await wait();
        })();
        const ended = waiting.catch((error) => assert.equal(error, controller.signal.reason));
        await until(() => waitersOf(condition) === 1);
        assert.equal(await other.call(works.keep, condition.lock as Lock), 1);
        if (!controller.signal.aborted) controller.abort();
        else await other.call((condition: Condition) => condition.notifyAll(), condition);
        // It wants the lock back.
        await until(() => waitersOf(condition.lock) === 1);
        await other.terminate();
        await ended;
        const held = await condition.acquire();
        assert.equal(held.abandoned, other.id, what);
        held.release();
      }
    });

    test("it travels with its lock, both keep their identity, and it keeps its lock alive", () =>
      using(async (other) => {
        const condition = make();
        assert.ok(isShareable(condition));
        assert.equal(await other.call((it: Condition) => it, condition), condition);
        assert.equal(await other.call((it: Condition) => it.lock, condition), condition.lock);
        assert.equal(await other.call((it: Condition) => String(it), condition), String(condition));
        assert.ok(
          await other.call((it: Condition, lock: unknown) => it.lock === lock, condition, condition.lock),
        );
      }));
  });
}

test("a condition's lock must be one", () => {
  for (const lock of [null, {}, 1, new Barrier(1)])
    assert.ok(thrown(() => new Condition(lock as never)) instanceof TypeError);
});

describe("Barrier", { timeout: WATCHDOG }, () => {
  test("its parties", () => {
    for (const [parties, expected] of [
      [0, RangeError],
      [-1, RangeError],
      [1.5, TypeError],
      [undefined, TypeError],
    ] as const) {
      assert.ok(thrown(() => new Barrier(parties as number)) instanceof expected);
    }
    const barrier = new Barrier(1);
    assert.deepEqual([barrier.parties, barrier.nWaiting, barrier.broken], [1, 0, false]);
    assert.equal(barrier.waitSync(), 0);
  });

  for (const form of forms) {
    test(`interpreters meet round after round, waiting as ${form}`, () =>
      using((a) =>
        using(async (b) => {
          const barrier = new Barrier(3);
          const there = [a, b].map((interp) => interp.call(works.meet, barrier, form, 20));
          const places = [await meet(barrier, "a promise", 20), ...(await Promise.all(there))];
          for (let round = 0; round < 20; round++) {
            assert.deepEqual(places.map((all) => all[round]).sort(), [0, 1, 2]);
          }
          assert.equal(barrier.nWaiting, 0);
          assert.ok(!barrier.broken);
        }),
      ));
  }

  test("a limit or signal of one breaks it for all, until it is reset", async () => {
    const barrier = new Barrier(3);
    const controller = new AbortController();
    for (const end of ["timeout", "signal", "abort", "reset"] as const) {
      const waiting = rejection(barrier.wait());
      assert.equal(barrier.nWaiting, 1);
      if (end === "timeout")
        assert.equal(thrown<DOMException>(() => barrier.waitSync({ timeout: 10 })).name, "TimeoutError");
      if (end === "signal") {
        const aborted = rejection(barrier.wait({ signal: controller.signal }));
        controller.abort("enough");
        assert.equal(await aborted, "enough");
      }
      if (end === "abort") barrier.abort();
      if (end === "reset") barrier.reset();
      const error = (await waiting) as BrokenBarrierError;
      assert.ok(error instanceof BrokenBarrierError && error instanceof InterpreterError);
      assert.equal(error.code, "ERR_BARRIER_BROKEN");
      assert.equal(barrier.broken, end !== "reset");
      assert.equal(barrier.nWaiting, 0);
      if (end !== "reset") assert.ok((await rejection(barrier.wait())) instanceof BrokenBarrierError);
      barrier.reset();
    }
    assert.deepEqual((await Promise.all([1, 2, 3].map(() => barrier.wait()))).sort(), [0, 1, 2]);
  });

  test("a party that dies while it waits breaks it", async () => {
    const barrier = new Barrier(3);
    const other = create();
    const dying = rejection(other.call(works.meet, barrier, "blocking", 1));
    const waiting = rejection(barrier.wait());
    await until(() => barrier.nWaiting === 2);
    await other.terminate();
    assert.ok((await dying) instanceof InterpreterDiedError);
    const error = await waiting;
    assert.ok(error instanceof BrokenBarrierError);
    assert.match(error.message, new RegExp(`interpreter ${other.id}, one of its parties, died`));
  });

  test("a party that dies between two rounds, in the middle of its work, breaks it; one that was done does not", async () => {
    const barrier = new Barrier(2);
    const met = channel<number>();
    const working = create();
    const dying = rejection(working.call(works.meetAndWork, barrier, met));
    await barrier.wait();
    await met.get();
    const waiting = rejection(barrier.wait());
    await working.terminate();
    await dying;
    assert.ok((await waiting) instanceof BrokenBarrierError);
    barrier.reset();
    const done = create();
    const meeting = done.call(works.meet, barrier, "a promise", 1);
    await barrier.wait();
    await meeting;
    const next = barrier.wait();
    await done.close();
    assert.ok(!barrier.broken);
    await Promise.all([next, barrier.wait()]);
  });

  test("it travels, and stays the same object", () =>
    using(async (other) => {
      const barrier = new Barrier(2);
      assert.equal(await other.call((it: Barrier) => it, barrier), barrier);
      assert.equal(await other.call((it: Barrier) => it.parties, barrier), 2);
    }));
});

describe("blocked threads that wait for each other", { timeout: WATCHDOG }, () => {
  for (const [what, make] of [
    ["locks", () => new Lock()],
    ["a lock and an RLock", () => new RLock()],
    ["a lock and a bounded semaphore", () => new BoundedSemaphore(1)],
  ] as const) {
    test(`${what}, crosswise: one is refused, and the error names the circle`, async () => {
      const [a, b] = [create({ name: "first" }), create({ name: "second" })];
      const [lock, other] = [new Lock(), make()];
      const barrier = new Barrier(2);
      const texts = await Promise.all([
        a.call(works.crosswise, lock, other as Lock, barrier),
        b.call(works.crosswise, other as Lock, lock, barrier),
      ]);
      const refused = texts.filter((text) => text !== "acquired");
      assert.equal(refused.length, 1, texts.join());
      assert.match(refused[0], /would never end/);
      assert.match(refused[0], new RegExp(`${a.id} \\(first\\)`));
      assert.match(refused[0], new RegExp(`${b.id} \\(second\\)`));
      await Promise.all([a.close(), b.close()]);
    });
  }

  test("a lock and a call", () =>
    using(async (other) => {
      const lock = new Lock();
      lock.acquireSync();
      const text = other.callSync((lock: Lock) => {
        try {
          lock.acquireSync();
          return "acquired";
        } catch (error) {
          return (error as Error).message;
        }
      }, lock);
      assert.match(text, /would never end.*waits for a reply of interpreter/);
      assert.equal(await other.call((lock: Lock) => lock.tryAcquire() === undefined, lock), true);
      lock.release();
    }));

  test("what this interpreter holds itself", () => {
    for (const object of [new Lock(), new BoundedSemaphore(1)]) {
      object.acquireSync();
      const error = thrown<InterpreterError>(() => object.acquireSync());
      assert.equal(error.code, "ERR_INTERPRETER_DEADLOCK");
      assert.equal(thrown<DOMException>(() => object.acquireSync({ timeout: 10 })).name, "TimeoutError");
      object.release();
      object.acquireSync().release();
    }
  });

  test("on an event loop, an interpreter waits for itself", async () => {
    const lock = new Lock();
    const held = await lock.acquire();
    const waiting = lock.acquire();
    held.release();
    (await waiting).release();
  });
});

/** As `using`, with the result. */
async function using2<T>(action: (interp: Interpreter) => Promise<T>): Promise<T> {
  return await using(action);
}
