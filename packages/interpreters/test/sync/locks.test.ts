/** `Lock` and the semaphores in every form of waiting, here and between interpreters (CPython: `lock_tests.py`). */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, test } from "node:test";
import {
  BoundedSemaphore,
  type Callback,
  callback,
  create,
  createQueue,
  fromModule,
  type Held,
  type Interpreter,
  InterpreterError,
  isShareable,
  Lock,
  Semaphore,
} from "interpreters";
import { withoutMemoryLimits } from "../support/memory.js";
import { channel, limits, rejection, thrown, until, using, WATCHDOG } from "../support/ways.js";
import { waitersOf } from "../support/queues.js";
import { acquire, forms } from "./works.js";

const works = fromModule<typeof import("./works.js")>(new URL("./works.js", import.meta.url));

const exclusive = [
  ["Lock", () => new Lock()],
  ["Semaphore", () => new Semaphore(1)],
  ["BoundedSemaphore", () => new BoundedSemaphore(1)],
] as const;

function isFree(object: Lock | Semaphore): boolean {
  return object instanceof Lock ? !object.locked() : object.value === 1;
}

for (const [name, make] of exclusive) {
  describe(name, { timeout: WATCHDOG }, () => {
    test("a callback that runs while its owner blocks for it does not take it from its owner", () =>
      using((holder) =>
        using(async (other) => {
          const object = make();
          const [held, gate] = [channel<number>(), channel<string>()];
          const holding = holder.call(works.hold, object, "blocking", held, gate);
          await held.get();
          let pending: Promise<Held> | undefined;
          using f = callback(() => {
            pending = object.acquire();
            gate.putNowait("release");
          });
          const called = other.call(async (f: Callback<[], void>) => await f(), f);
          object.acquireSync().release();
          (await pending)?.release();
          await Promise.all([called, holding]);
          assert.ok(isFree(object));
        }),
      ));

    for (const form of forms) {
      test(`acquired as ${form} where it is free, and released in each way`, async () => {
        const object = make();
        const held = await acquire(object, form);
        assert.equal(held.abandoned, undefined);
        assert.ok(!isFree(object));
        assert.equal(object.tryAcquire(), undefined);
        held.release();
        assert.ok(isFree(object));
        assert.equal(thrown<InterpreterError>(() => held.release()).code, "ERR_NOT_HELD");
        (await acquire(object, form))[Symbol.dispose]();
        assert.ok(isFree(object));
        await (await acquire(object, form))[Symbol.asyncDispose]();
        await acquire(object, form);
        object.release();
        assert.ok(isFree(object));
      });

      test(`a task of a blocked thread does not stand in line before one that waits as ${form}`, () =>
        using((holder) =>
          using(async (other) => {
            const object = make();
            const [held, gate] = [channel<number>(), channel<string>()];
            const holding = holder.call(works.hold, object, "blocking", held, gate);
            await held.get();
            const pending = object.acquire();
            assert.equal(waitersOf(object), 1);
            // This thread is blocked until the other one has had its turn.
            assert.equal(other.callSync(works.releasedAndAcquired, object, form, gate), "acquired");
            assert.equal(await holding, undefined);
            (await pending).release();
            assert.ok(isFree(object));
          }),
        ));

      test(`waits as ${form} for another interpreter`, () =>
        using(async (other) => {
          const object = make();
          const [held, gate] = [channel<number>(), channel<string>()];
          const holding = other.call(works.hold, object, "blocking", held, gate);
          await held.get();
          assert.ok(!isFree(object));
          gate.putNowait("release");
          const mine = await acquire(object, form);
          assert.equal(await holding, undefined);
          mine.release();
          assert.ok(isFree(object));
        }));

      test(`another interpreter waits as ${form} for this one`, () =>
        using(async (other) => {
          const object = make();
          const mine = object.acquireSync();
          const [held, gate] = [channel<number>(), channel<string>()];
          const holding = other.call(works.hold, object, form, held, gate);
          await until(() => waitersOf(object) === 1);
          assert.equal(held.qsize(), 0);
          mine.release();
          assert.equal(await held.get(), other.id);
          gate.putNowait("release");
          await holding;
          assert.ok(isFree(object));
        }));

      test(`three interpreters exclude each other, waiting as ${form}`, async () => {
        const object = make();
        const total = new Int32Array(new SharedArrayBuffer(4));
        const [a, b] = [create(), create()];
        const all = [a, b].map((interp) => interp.call(works.count, object, form, total, 300));
        // This thread must not block: it carries the others' first calls.
        for (let i = 0; i < 300; i++) {
          const held = await object.acquire();
          total[0]++;
          held.release();
        }
        await Promise.all(all);
        assert.equal(total[0], 900);
        assert.ok(isFree(object));
        await Promise.all([a.close(), b.close()]);
      });
    }

    test("tasks on one event loop exclude each other, first come, first served", async () => {
      const object = make();
      const order: number[] = [];
      let inside = 0;
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const held = await object.acquire();
          assert.equal(++inside, 1);
          order.push(i);
          await Promise.resolve();
          inside--;
          held.release();
        }),
      );
      assert.deepEqual(
        order,
        Array.from({ length: 20 }, (_, i) => i),
      );
      assert.ok(isFree(object));
    });

    test("a time limit passes", async () => {
      const object = make();
      const held = object.acquireSync();
      for (const timeout of [0, 20]) {
        for (const error of [
          await rejection<DOMException>(object.acquire({ timeout })),
          thrown<DOMException>(() => object.acquireSync({ timeout })),
        ]) {
          assert.equal(error.name, "TimeoutError");
          assert.match(error.message, /^Cannot acquire (?:lock|semaphore) \d+/);
        }
      }
      held.release();
      assert.ok(isFree(object), "it went to none of them");
      object.acquireSync({ timeout: 0 }).release();
    });

    test("a signal ends the wait, and the next one gets it", async () => {
      const object = make();
      const held = object.acquireSync();
      const controller = new AbortController();
      const aborted = object.acquire({ signal: controller.signal });
      const next = object.acquire();
      const reason = new Error("enough");
      controller.abort(reason);
      assert.equal(await rejection(aborted), reason);
      assert.equal(await rejection(object.acquire({ signal: controller.signal })), reason);
      assert.equal(
        thrown(() => object.acquireSync({ signal: controller.signal })),
        reason,
      );
      held.release();
      (await next).release();
      assert.ok(isFree(object));
    });

    test("one that is chosen and aborts at that moment passes it on", async () => {
      const object = make();
      const held = object.acquireSync();
      const controller = new AbortController();
      const chosen = object.acquire({ signal: controller.signal });
      await using2(async (other) => {
        const [has, gate] = [channel<number>(), channel<string>()];
        const holding = other.call(works.hold, object, "blocking", has, gate);
        await until(() => waitersOf(object) === 2);
        held.release();
        controller.abort();
        await chosen.then(
          (mine) => mine.release(),
          () => {},
        );
        await has.get();
        gate.putNowait("release");
        await holding;
      });
      assert.ok(isFree(object));
    });

    test("bad options", async () => {
      const object = make();
      for (const [options, expected] of [
        [{ timeout: -1 }, RangeError],
        [{ timeout: Number.NaN }, TypeError],
        [{ timeout: "1" }, TypeError],
        [{ signal: {} }, TypeError],
        [{ limit: 1 }, TypeError],
        [null, TypeError],
      ] as const) {
        assert.ok((await rejection(object.acquire(options as never))) instanceof expected);
        assert.ok(thrown(() => object.acquireSync(options as never)) instanceof expected);
      }
      assert.ok(isFree(object));
    });

    test("it travels, nested, and stays the same object", () =>
      using(async (other) => {
        const object = make();
        assert.ok(isShareable(object) && isShareable([{ object }]));
        const queue = createQueue<unknown>();
        queue.putNowait({ list: [new Map([["it", object]])] });
        const { list } = queue.getNowait() as { list: [Map<string, unknown>] };
        assert.equal(list[0].get("it"), object);
        assert.equal(await other.call((it: unknown) => it, object), object);
        await other.prepareMain({ it: object });
        await other.exec("it.tryAcquire()");
        assert.ok(!isFree(object));
        await other.exec("it.release()");
        assert.ok(isFree(object));
        const there = await other.call((it: Lock) => [String(it), it.id] as const, object as Lock);
        assert.deepEqual(there, [String(object), object.id]);
        assert.equal(String(object), `[object ${name} ${object.id}]`);
        assert.match(inspect(object), new RegExp(`${name} ${object.id}`));
        assert.equal(JSON.stringify(object), JSON.stringify({ id: object.id }));
      }));

    test("it lives as long as it travels", async () => {
      const queue = createQueue<Lock | Semaphore>();
      const { id } = await using2(async (other) => {
        // Made there; the item alone carries it once that interpreter is gone.
        await other.prepareMain({ queue });
        await other.exec(`
          const { ${name} } = await import("interpreters");
          globalThis.made = new ${name}();
          queue.putNowait(made, { unboundItems: (await import("interpreters")).UNBOUND_KEEP });
        `);
        return { id: await other.call(() => (globalThis as unknown as { made: Lock }).made.id) };
      });
      const arrived = queue.getNowait() as Lock | Semaphore;
      assert.equal(arrived.id, id);
      assert.ok(isFree(arrived));
      arrived.acquireSync().release();
    });

    for (const how of ["exit", "uncaught", "memory", "terminate", "close"] as const) {
      test(
        `its owner dies (${how}): it goes on, and the next owner is told, once`,
        { skip: how === "memory" && withoutMemoryLimits },
        async () => {
          const object = make();
          const other = create(how === "memory" ? { resourceLimits: { maxOldGenerationSizeMb: 20 } } : {});
          let waiting: Promise<Held>;
          if (how === "terminate" || how === "close") {
            assert.equal(await other.call(works.keep, object), 1);
            waiting = object.acquire();
            await other[how]();
          } else {
            const [has, gate] = [channel<number>(), channel<string>()];
            const dying = rejection(other.call(works.holdAndDie, object, how, has, gate));
            await has.get();
            waiting = object.acquire();
            gate.putNowait("die");
            await dying;
          }
          const held = await waiting;
          assert.equal(held.abandoned, other.id);
          held.release();
          assert.equal(object.acquireSync().abandoned, undefined);
        },
      );
    }

    test("a waiter that dies does not keep it", async () => {
      const object = make();
      const held = object.acquireSync();
      const other = create();
      const [has, gate] = [channel<number>(), channel<string>()];
      const dying = rejection(other.call(works.hold, object, "blocking", has, gate));
      const mine = object.acquire();
      await other.terminate();
      await dying;
      held.release();
      assert.equal((await mine).abandoned, undefined);
    });
  });
}

/** As `using`, with the result. */
async function using2<T>(action: (interp: Interpreter) => Promise<T>): Promise<T> {
  return await using(action);
}

test("a lock can be released only by the interpreter that holds it", limits, () =>
  using(async (other) => {
    const lock = new Lock();
    const error = thrown<InterpreterError>(() => lock.release());
    assert.ok(error instanceof InterpreterError);
    assert.equal(error.code, "ERR_NOT_HELD");
    assert.match(error.message, /release lock \d+: interpreter 0 does not hold it/);
    const held = lock.acquireSync();
    const there = await rejection<Error & { cause: InterpreterError }>(other.call(works.release, lock));
    assert.equal(there.cause.code, "ERR_NOT_HELD");
    assert.ok(lock.locked());
    lock.release();
    assert.equal(thrown<InterpreterError>(() => held.release()).code, "ERR_NOT_HELD");
    held[Symbol.dispose]();
    assert.equal(thrown<InterpreterError>(() => lock.release()).code, "ERR_NOT_HELD");
  }),
);

test("a hold of before does not release the lock that was acquired since", limits, () => {
  const lock = new Lock();
  const before = lock.acquireSync();
  lock.release();
  const now = lock.acquireSync();
  before[Symbol.dispose]();
  assert.ok(lock.locked());
  now.release();
});

test("the values and releases of a semaphore", limits, () =>
  using(async (other) => {
    for (const [value, expected] of [
      [-1, RangeError],
      [2 ** 31, RangeError],
      [1.5, TypeError],
      ["1", TypeError],
    ] as const) {
      assert.ok(thrown(() => new Semaphore(value as number)) instanceof expected);
      assert.ok(thrown(() => new BoundedSemaphore(value as number)) instanceof expected);
    }
    const semaphore = new Semaphore();
    assert.equal(semaphore.value, 1);
    semaphore.release(3);
    assert.equal(semaphore.value, 4);
    assert.ok(thrown(() => semaphore.release(2 ** 31 - 1)) instanceof RangeError);
    assert.ok(thrown(() => semaphore.release(0)) instanceof RangeError);
    assert.ok(thrown(() => semaphore.release(1.5)) instanceof TypeError);
    assert.equal(semaphore.value, 4);
    const bounded = new BoundedSemaphore(2);
    assert.ok(bounded instanceof Semaphore);
    assert.equal(thrown<InterpreterError>(() => bounded.release()).code, "ERR_NOT_HELD");
    const held = bounded.acquireSync();
    const there = await rejection<Error & { cause: InterpreterError }>(other.call(works.release, bounded));
    assert.equal(there.cause.code, "ERR_NOT_HELD");
    assert.match(there.cause.message, /holds 0/);
    held.release();
    assert.equal(bounded.value, 2);
  }),
);

test(
  "the permits of the dead come back: all of a bounded semaphore, never more than there were",
  limits,
  async () => {
    const bounded = new BoundedSemaphore(5);
    const signals = new Semaphore(0);
    const pool = new Semaphore(3);
    signals.release(4);
    const other = create();
    assert.equal(await other.call(works.keep, bounded, 4), 4);
    assert.equal(await other.call(works.keep, signals, 3), 3);
    assert.equal(await other.call(works.keep, pool, 9), 3);
    await other.terminate();
    // Not before its thread has ended.
    await until(() => bounded.value === 5);
    assert.equal(signals.value, 1, "a signal is used up by its acquire");
    assert.equal(pool.value, 3);
    const told = Array.from({ length: 5 }, () => bounded.acquireSync().abandoned);
    assert.deepEqual(told, [other.id, other.id, other.id, other.id, undefined]);
  },
);

test("a release of several permits lets as many go on, in any interpreter", limits, () =>
  using((a) =>
    using(async (b) => {
      const semaphore = new Semaphore(0);
      const [held, gate] = [channel<number>(), channel<string>()];
      const all = [a, b].map((interp) => interp.call(works.hold, semaphore, "blocking", held, gate));
      const mine = [semaphore.acquire(), semaphore.acquire()];
      semaphore.release(4);
      assert.deepEqual(
        [await held.get(), await held.get()].sort((x, y) => x - y),
        [a.id, b.id],
      );
      await Promise.all(mine);
      gate.putNowait("a");
      gate.putNowait("b");
      await Promise.all(all);
      assert.equal(semaphore.value, 2);
    }),
  ),
);
