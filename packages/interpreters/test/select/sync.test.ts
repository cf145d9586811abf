/** Selects over locks, semaphores and events, in both forms: what is not chosen is not acquired, and goes to the next who waits. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import {
  BoundedSemaphore,
  create,
  createQueue,
  Event,
  fromModule,
  Held,
  type InterpreterError,
  Lock,
  onAcquire,
  onGet,
  onPut,
  onSet,
  type Queue,
  RLock,
  select,
  selectSync,
  Semaphore,
  UNBOUND_KEEP,
} from "interpreters";
import { core } from "interpreters/core";
import { rejection, until, WATCHDOG } from "../support/processes.js";
import { Chance } from "../support/queues.js";
import { forms } from "./forms.js";

const limits = { timeout: WATCHDOG };
const others = [create(), create()];
const [other] = others;
after(() => Promise.all(others.map((interp) => interp.terminate())));
const numbers = (maxsize = 0): Queue<number, never> =>
  createQueue<number>(maxsize, { unboundItems: UNBOUND_KEEP });

/** Has the other interpreter hold a lock or permit until the gate opens. */
async function heldElsewhere(
  object: Lock | RLock | Semaphore,
): Promise<{ release: () => void; done: Promise<void> }> {
  const [held, gate] = [numbers(), numbers()];
  const done = other.call(
    (object, held, gate) => {
      const hold = object.acquireSync();
      held.putSync(1);
      gate.getSync();
      hold.release();
    },
    object,
    held,
    gate,
  );
  await held.get();
  return { release: () => gate.putNowait(1), done };
}

for (const { name, select } of forms) {
  describe(name, limits, () => {
    for (const make of [
      (): Lock => new Lock(),
      (): RLock => new RLock(),
      (): Semaphore => new Semaphore(1),
      (): BoundedSemaphore => new BoundedSemaphore(1),
    ]) {
      const kind = make().constructor.name;
      const isFree = (object: Lock | RLock | Semaphore): boolean =>
        object instanceof Semaphore ? object.value === 1 : !object.locked();

      test(`a free ${kind} is acquired, and only if it is chosen`, async () => {
        const [object, queue] = [make(), numbers()];
        const first = await select([onAcquire(object), onGet(queue)]);
        assert.ok(first.index === 0 && first.value instanceof Held);
        assert.equal(isFree(object), false);
        queue.putNowait(1);
        if (object instanceof RLock) {
          // It belongs to the interpreter, which may acquire it again.
          const again = await select([onAcquire(object)]);
          again.value.release();
          queue.getNowait();
        } else assert.deepEqual(await select([onAcquire(object), onGet(queue)]), { index: 1, value: 1 });
        first.value.release();
        assert.ok(isFree(object));
        const none = await select({ a: onAcquire(object) }, { default: true });
        if (none.name === "a") none.value.release();
        assert.equal(none.name, "a");
      });

      test(`a ${kind} that another interpreter holds is waited for`, async () => {
        const [object, queue] = [make(), numbers()];
        const { release, done } = await heldElsewhere(object);
        assert.equal((await select([onAcquire(object), onGet(queue)], { default: true })).index, -1);
        const error = await rejection(select([onAcquire(object), onGet(queue)], { timeout: 5 }));
        assert.match(error.message, /acquire (lock|semaphore) \d+/);
        release();
        const chosen = await select([onGet(queue), onAcquire(object)]);
        assert.ok(chosen.index === 1);
        chosen.value.release();
        await done;
        assert.ok(isFree(object), "nothing is left behind");
      });

      test(`a ${kind} whose holder dies says so`, async () => {
        const [object, held] = [make(), numbers()];
        const doomed = create();
        await doomed.call(
          (object, held) => {
            object.acquireSync();
            held.putSync(1);
          },
          object,
          held,
        );
        const terminated = doomed.terminate();
        const { value } = await select([onAcquire(object)]);
        assert.equal(value.abandoned, doomed.id);
        value.release();
        await terminated;
      });
    }

    test("an event that is set, now or during the wait", async () => {
      const [event, queue, gate] = [new Event(), numbers(), numbers()];
      assert.equal((await select([onSet(event)], { default: true })).index, -1);
      const setting = other.call(
        (event, gate) => {
          gate.getSync();
          for (let i = 0; i < 1e6; i++);
          event.set();
        },
        event,
        gate,
      );
      gate.putNowait(1);
      assert.deepEqual(await select([onGet(queue), onSet(event)]), { index: 1, value: undefined });
      await setting;
      assert.deepEqual(await select({ item: onGet(queue), set: onSet(event) }), {
        name: "set",
        value: undefined,
      });
    });

    test("a lock and an item at the same time: the lock goes on to the next who waits for it", async () => {
      const [lock, mine, theirs] = [new Lock(), numbers(), numbers(1)];
      const rounds = 300;
      const locking = others.map((interp) =>
        interp.call(
          (lock, mine, rounds) => {
            for (let i = 0; i < rounds; i++) {
              // With a limit, it looks for no circle of waits.
              const held = lock.acquireSync({ timeout: 60_000 });
              // The one that selects is granted the lock and rung for the item in the same moment.
              mine.putSync(i);
              held.release();
            }
          },
          lock,
          mine,
          rounds,
        ),
      );
      const failing = Promise.all(locking).then(
        () => undefined,
        (error: unknown) => error,
      );
      let [items, acquired] = [0, 0];
      while (items < 2 * rounds) {
        // A select that is ready at once leaves no turn to the event loop.
        if ((items + acquired) % 1000 === 999) assert.equal(await Promise.race([failing, turn()]), undefined);
        const next = await select([onGet(mine), onAcquire(lock), onPut(theirs, 1)]);
        if (next.index === 0) items++;
        else if (next.index === 1) {
          acquired++;
          next.value.release();
        }
      }
      await Promise.all(locking);
      assert.equal(lock.locked(), false);
      assert.ok(acquired > 0);
    });
  });
}

describe("blocking", limits, () => {
  test("for a lock alone that this interpreter holds is a deadlock, as it is for acquireSync", () => {
    const lock = new Lock();
    using _ = lock.acquireSync();
    assert.throws(
      () => selectSync([onAcquire(lock)]),
      (error: InterpreterError) => error.code === "ERR_INTERPRETER_DEADLOCK",
    );
    assert.throws(() => selectSync([onAcquire(lock)], { timeout: 5 }), { name: "TimeoutError" });
  });

  test("goes before the tasks of its event loop, which could not release the lock", async () => {
    const [lock, queue] = [new Lock(), numbers()];
    const { release, done } = await heldElsewhere(lock);
    const waiting = lock.acquire();
    release();
    const chosen = selectSync([onGet(queue), onAcquire(lock)]);
    assert.ok(chosen.index === 1);
    chosen.value.release();
    (await waiting).release();
    await done;
    assert.equal(lock.locked(), false);
  });
});

test("an event that is set and cleared during the wait has been set", limits, async () => {
  const event = new Event();
  const waiting = [select([onSet(event), onGet(numbers())]), select([onSet(event)])];
  event.set();
  event.clear();
  for (const each of waiting) assert.equal((await each).index, 0);
  assert.equal((await select([onSet(event)], { default: true })).index, -1);
});

test("tasks of one event loop that select a lock exclude each other", limits, async () => {
  const [lock, never] = [new Lock(), numbers()];
  let [inside, most, done] = [0, 0, 0];
  const chance = new Chance(3);
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const options = i % 3 === 0 ? { timeout: chance.below(10), default: true as const } : {};
      const next = await select([onAcquire(lock), onGet(never)], options);
      if (next.index !== 0) return;
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside--;
      done++;
      next.value.release();
    }),
  );
  assert.equal(most, 1);
  assert.ok(done >= 33);
  assert.equal(lock.locked(), false);
});

test("interpreters that select permits are killed: every permit comes back", limits, async () => {
  const permits = new BoundedSemaphore(3);
  const [items, got] = [numbers(), numbers()];
  const work = async (
    permits: BoundedSemaphore,
    items: Queue<number, never>,
    got: Queue<number, never>,
    seed: number,
  ): Promise<void> => {
    const { onAcquire, onGet, select, selectSync } = await import("interpreters");
    for (let i = seed; ; i++) {
      const cases = [onAcquire(permits), onGet(items)] as const;
      const next = i % 2 === 0 ? selectSync(cases) : await select(cases);
      if (next.index === 1) got.putSync(next.value);
      else {
        for (let n = (i * 7919) % 5000; n > 0; n--);
        next.value.release();
      }
    }
  };
  const chance = new Chance(11);
  for (let round = 0; round < 10; round++) {
    const victims = [create(), create(), create()];
    const working = victims.map((interp, i) => interp.call(work, permits, items, got, i).catch(() => {}));
    for (let n = 0; n < 20; n++) {
      items.putNowait(n);
      if (chance.next() < 0.3) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(victims.map((interp) => interp.terminate()));
    await Promise.all(working);
  }
  await until(() => permits.value === 3, "all permits are free");
  assert.ok(got.qsize() + items.qsize() >= 200 - 30, "each victim held at most one item");
});

test("a select that cannot block leaves the lines of its other cases as they were", limits, async () => {
  // A task of another process, whose outcome no blocked thread can learn.
  const tasks = core.remote.createTasks({
    name: "NoExecutor",
    places: 1,
    send() {},
    takeBack: () => Promise.resolve(true),
    stop() {},
    close: () => Promise.resolve(),
  });
  const { add } = fromModule<{ add(): number }>(new URL("file:///add.js"));
  const task = tasks.submit<number>(add, [], {}, core.remote.takeTrace(add));
  const lock = new Lock();
  const held = lock.acquireSync();
  assert.throws(() => selectSync([onAcquire(lock), task]), { code: "ERR_BLOCKING_NOT_ALLOWED" });
  const next = lock.acquire();
  held.release();
  (await next).release();
  assert.ok(!lock.locked());
  await tasks.shutdown({ cancelFutures: true });
});
