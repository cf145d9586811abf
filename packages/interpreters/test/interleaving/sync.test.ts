/**
 * Synchronization objects under every schedule: one at a time, no lost wake-up, and what a thread held or was granted goes on to the next one,
 * whichever thread dies at whichever step.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pointer } from "../../src/memory/brands.js";
import {
  OK,
  S_ID,
  S_STATE,
  STATE_FINALIZING,
  STATUS_EMPTY,
  SUPERVISOR_SLOT,
  SYNC_BOUNDED,
  SYNC_EVENT,
  SYNC_LOCK,
  SYNC_SEMAPHORE,
  Y_STATE,
} from "../../src/memory/layout.js";
import { lockMutex } from "../../src/kernel/mutex.js";
import { createSync } from "../../src/kernel/sync-objects.js";
import * as atomics from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { reap, sync, withdraw } from "./modules.js";
import type { Thread } from "./scheduler.js";
import { playDead, supervisor } from "./supervisor.js";
import { block, Permits, Protected } from "./sync.js";
import { slotPointer, World } from "./world.js";

/** Main holds an object of that kind; three interpreters may use it. */
function scene(kind: number, state = 0): { world: World; q: Pointer; slots: readonly number[] } {
  const world = new World();
  const first = world.interpreters(3);
  const q = createSync(world.view(0), kind, state, state);
  world.remember();
  return { world, q, slots: [first, first + 1, first + 2] };
}

function undertaker(victim: number): Thread {
  return { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, victim) };
}

function idOf({ i32 }: World, slot: number): number {
  return i32[slotPointer(slot) + S_ID];
}

for (const times of [
  [2, 2],
  [1, 1, 1],
]) {
  test(`${times.length} threads acquire and release a lock`, (t) => {
    const { world, q, slots } = scene(SYNC_LOCK);
    explore(t, {
      world,
      preemptions: 1,
      atAtomics: times.length === 2 ? 2 : 1,
      random: 4000,
      program: () => {
        const lock = new Protected(q);
        return {
          threads: times.map((n, i) => lock.thread("ABC"[i], slots[i], n)),
          check() {
            checkMemory(world);
            const total = times.reduce((a, b) => a + b);
            assert.equal(lock.entered, total);
            assert.equal(world.i32[lock.place], total, "no step was lost");
            assert.equal(world.i32[q + Y_STATE], 0, "the lock is free");
          },
        };
      },
    });
  });
}

test("one gives up waiting for a lock: the lock goes on", (t) => {
  const { world, q, slots } = scene(SYNC_LOCK);
  explore(t, {
    world,
    preemptions: 1,
    atAtomics: 2,
    random: 4000,
    program: () => {
      const lock = new Protected(q);
      return {
        threads: [
          lock.thread("A", slots[0], 1),
          lock.thread("hasty", slots[1], 1, true),
          lock.thread("C", slots[2], 1),
        ],
        check() {
          checkMemory(world);
          assert.equal(lock.entered + lock.gaveUp, 3);
          assert.equal(world.i32[q + Y_STATE], 0, "the lock is free");
        },
      };
    },
  });
});

for (const hasty of [false, true]) {
  test(`one dies at any step of acquiring and releasing a lock${hasty ? ", or of giving up" : ""}: the next owner is told`, (t) => {
    const { world, q, slots } = scene(SYNC_LOCK);
    explore(t, {
      world,
      preemptions: 0,
      random: 4000,
      program: () => {
        const lock = new Protected(q);
        const victim = lock.thread("victim", slots[0], 2, hasty);
        return {
          threads: [victim, lock.thread("B", slots[1], 1), lock.thread("C", slots[2], 1)],
          victims: [victim],
          supervisor: undertaker(slots[0]),
          check(dead) {
            checkMemory(world);
            assert.equal(world.i32[q + Y_STATE], 0, "the lock is free");
            const told = lock.abandoned.length;
            assert.ok(told <= dead.length && lock.abandoned.every((id) => id === idOf(world, slots[0])));
            // It was inside, and another came in after it: that one knows.
            if (lock.inside === slots[0]) assert.equal(dead.length, 1);
          },
        };
      },
    });
  });
}

test("a lock whose owner dies inside is told to the next owner, and only to that", (t) => {
  const { world, q, slots } = scene(SYNC_LOCK);
  assert.equal(lockMutex(world.view(slots[0]), q), OK);
  world.remember();
  explore(t, {
    world,
    preemptions: 1,
    random: 2000,
    program: () => {
      const lock = new Protected(q);
      const victim: Thread = {
        name: "victim",
        slot: slots[0],
        body: (m) => atomics.store(m, m.me + S_STATE, STATE_FINALIZING),
      };
      return {
        threads: [victim, lock.thread("B", slots[1], 1), lock.thread("C", slots[2], 1)],
        victims: [victim],
        supervisor: undertaker(slots[0]),
        check() {
          checkMemory(world);
          assert.deepEqual(lock.abandoned, [idOf(world, slots[0])]);
          assert.equal(lock.entered, 2);
        },
      };
    },
  });
});

test("one is withdrawn that waits, and may have been granted the lock: others get it before its thread has ended", (t) => {
  const { world, q, slots } = scene(SYNC_LOCK);
  assert.equal(lockMutex(world.view(slots[2]), q), OK);
  assert.equal(lockMutex(world.view(slots[0]), q), STATUS_EMPTY);
  world.remember();
  explore(t, {
    world,
    preemptions: 1,
    random: 3000,
    program: () => {
      const lock = new Protected(q);
      const holder: Thread = {
        name: "C",
        slot: slots[2],
        *body(m) {
          assert.equal(yield* sync.unlockMutex(m, q), OK);
        },
      };
      const supervisor: Thread = {
        name: "supervisor",
        slot: SUPERVISOR_SLOT,
        body: (m) => withdraw(m, slots[0]),
      };
      return {
        threads: [holder, lock.thread("B", slots[1], 1), supervisor],
        check() {
          checkMemory(world);
          assert.equal(lock.entered, 1);
          assert.equal(world.i32[q + Y_STATE], 0, "the lock is free");
        },
      };
    },
  });
});

test("one is unwound at any step of using a lock, lives on, and uses it again", (t) => {
  const { world, q, slots } = scene(SYNC_LOCK);
  explore(t, {
    world,
    preemptions: 0,
    random: 4000,
    program: () => {
      const lock = new Protected(q);
      const once = lock.thread("unlucky", slots[0], 1);
      const unlucky: Thread = {
        ...once,
        *unwound(m) {
          // A thread that was unwound between two operations left nothing to repair and owes no ring.
          if (m.depth > 0) yield* playDead(m);
          if (lock.inside === slots[0]) lock.inside = -1;
          if (yield* sync.holdsMutex(m, q)) assert.equal(yield* sync.unlockMutex(m, q), OK);
          else yield* sync.stopWaitingForSync(m, q);
          yield* once.body(m);
        },
      };
      return {
        threads: [
          unlucky,
          lock.thread("B", slots[1], 1),
          lock.thread("C", slots[2], 1),
          supervisor(slots[0]),
        ],
        victims: [unlucky],
        check() {
          checkMemory(world);
          assert.ok(lock.entered >= 3);
          assert.equal(world.i32[q + Y_STATE], 0, "the lock is free");
        },
      };
    },
  });
});

for (const kind of [SYNC_SEMAPHORE, SYNC_BOUNDED]) {
  const name = kind === SYNC_BOUNDED ? "bounded semaphore" : "semaphore";

  test(`three threads use the one permit of a ${name}, one of which gives up`, (t) => {
    const { world, q, slots } = scene(kind, 1);
    explore(t, {
      world,
      preemptions: 1,
      random: 4000,
      program: () => {
        const permits = new Permits(q, 1);
        return {
          threads: [
            permits.thread("A", slots[0], 2),
            permits.thread("B", slots[1], 1),
            permits.thread("hasty", slots[2], 1, { hasty: true }),
          ],
          check() {
            checkMemory(world);
            assert.equal(world.i32[q + Y_STATE], 1, "the permit is free");
          },
        };
      },
    });
  });

  for (const keep of [false, true]) {
    test(`one dies at any step with permits of a ${name}${keep ? ", which it keeps" : ""}: there are as many as before`, (t) => {
      const { world, q, slots } = scene(kind, 2);
      explore(t, {
        world,
        preemptions: 0,
        random: 4000,
        program: () => {
          const permits = new Permits(q, 2);
          const victim = permits.thread("victim", slots[0], 2, { keep });
          return {
            threads: [victim, permits.thread("B", slots[1], 2), permits.thread("C", slots[2], 1)],
            victims: [victim],
            supervisor: undertaker(slots[0]),
            check() {
              checkMemory(world);
              assert.equal(world.i32[q + Y_STATE], 2, "all permits are free");
            },
          };
        },
      });
    });
  }
}

test("signals: one who dies with a signal that it was granted passes it on, and one that it has taken is gone", (t) => {
  const { world, q, slots } = scene(SYNC_SEMAPHORE, 0);
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: () => {
      const signals = new Permits(q, 3);
      const victim = signals.thread("victim", slots[0], 1, { keep: true });
      return {
        threads: [
          victim,
          signals.thread("B", slots[1], 1, { keep: true }),
          {
            name: "signaller",
            slot: slots[2],
            *body(m) {
              assert.equal(yield* sync.releasePermits(m, q, 1), OK);
              assert.equal(yield* sync.releasePermits(m, q, 1), OK);
            },
          },
        ],
        victims: [victim],
        supervisor: undertaker(slots[0]),
        check(dead) {
          checkMemory(world);
          const left = world.i32[q + Y_STATE];
          assert.ok(dead.length === 0 ? left === 0 : left <= 1);
          if (dead.length > 0 && signals.held.get(slots[0]) === undefined)
            assert.ok(left <= 1, "a signal is delivered once");
        },
      };
    },
  });
});

for (const dies of [false, true]) {
  test(`an event is set and cleared${dies ? " by one who dies doing it" : ""}: those that waited go on`, (t) => {
    const { world, q, slots } = scene(SYNC_EVENT);
    explore(t, {
      world,
      preemptions: dies ? 0 : 1,
      random: 4000,
      program: () => {
        let passed = 0;
        let early = 0;
        const waiter = (name: string, slot: number): Thread => ({
          name,
          slot,
          *body(m) {
            const seen = yield* sync.eventWord(m, q);
            early += seen === 0 ? 0 : 1;
            if (!sync.isSetIn(seen)) yield* block(m, q, () => sync.awaitEvent(m, q, seen));
            passed++;
          },
        });
        const setter: Thread = {
          name: "setter",
          slot: slots[2],
          *body(m) {
            yield* sync.setEvent(m, q);
            yield* sync.clearEvent(m, q);
            yield* sync.setEvent(m, q);
          },
        };
        return {
          threads: [waiter("A", slots[0]), waiter("B", slots[1]), setter],
          victims: dies ? [setter] : [],
          supervisor: {
            name: "supervisor",
            slot: SUPERVISOR_SLOT,
            *body(m) {
              yield* reap(m, slots[2]);
              yield* sync.setEvent(m, q);
            },
          },
          check() {
            checkMemory(world);
            assert.equal(passed, 2);
            assert.ok(early <= 2);
          },
        };
      },
    });
  });
}
