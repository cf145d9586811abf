/** Locks and doorbells under every schedule: which thread enters, which is woken, and what a death leaves behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { get, set } from "../../src/memory/atomics.js";
import {
  H_NEXT_CODE,
  H_PAGE_LOCK,
  H_REGISTRY_LOCK,
  S_STATE,
  STATE_DEAD,
  SUPERVISOR_SLOT,
} from "../../src/memory/layout.js";
import * as atomics from "./atomics.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { observe, reap, repairLocks, lock, ring, park, unlock } from "./modules.js";
import type { Program, Thread } from "./scheduler.js";
import { type ModelMemory, slotPointer, World } from "./world.js";

const world = new World();
const first = world.interpreters(3);
world.remember();
const slots = [first, first + 1, first + 2];

/** A counter that is right only if no two threads are inside at the same time. */
const COUNTER = H_NEXT_CODE;

function* increment(m: ModelMemory): Steps<void> {
  yield* lock(m, H_REGISTRY_LOCK);
  const before = yield* atomics.get(m, COUNTER);
  yield* atomics.set(m, COUNTER, before + 1);
  yield* unlock(m, H_REGISTRY_LOCK);
}

/** `spins` and `trust` as in lock.ts: with none, a thread falls asleep at once, and nothing but a wake-up ends its sleep. */
function contenders(count: number, times: number, spins = 0, trust = Infinity): Thread[] {
  return slots.slice(0, count).map((slot, i) => ({
    name: "ABC"[i],
    slot,
    *body(m) {
      m.spins = spins;
      m.trust = trust;
      for (let n = 0; n < times; n++) yield* increment(m);
    },
  }));
}

const supervisor = (victim: Thread): Thread => ({
  name: "supervisor",
  slot: SUPERVISOR_SLOT,
  body: (m) => reap(m, victim.slot),
});

for (const [count, times, preemptions, atAtomics] of [
  [2, 1, 4, 4],
  [2, 3, 3, 3],
  [3, 1, 3, 4],
  [3, 2, 2, 2],
] as const) {
  test(`${count} threads take a lock ${times} times each, one at a time, and nobody sleeps for ever`, (t) => {
    explore(t, {
      world,
      preemptions,
      atAtomics,
      random: 2000,
      program: () => ({
        threads: contenders(count, times),
        check() {
          assert.equal(world.i32[COUNTER], count * times);
          checkMemory(world);
        },
      }),
    });
  });
}

for (const [what, spins, trust] of [
  ["poll before they sleep", 1, Infinity],
  ["sleep for a limited time", 0, 1],
  ["poll, and sleep for a limited time", 1, 1],
] as const) {
  test(`three threads that ${what} take a lock twice each, and nobody sleeps for ever`, (t) => {
    explore(t, {
      world,
      preemptions: 1,
      random: 5000,
      program: () => ({
        threads: contenders(3, 2, spins, trust),
        check() {
          assert.equal(world.i32[COUNTER], 6);
          checkMemory(world);
        },
      }),
    });
  });
}

for (const [count, preemptions] of [
  [2, 1],
  [3, 0],
] as const) {
  test(`a thread dies anywhere around a lock that ${count} threads want: the others get it`, (t) => {
    explore(t, {
      world,
      preemptions,
      random: 2000,
      program: (): Program => {
        const threads = contenders(count, 1);
        return {
          threads,
          victims: [threads[0]],
          supervisor: supervisor(threads[0]),
          check(dead) {
            const counted = world.i32[COUNTER];
            assert.ok(
              counted === count || (dead.length === 1 && counted === count - 1),
              `counted ${counted}`,
            );
            checkMemory(world);
          },
        };
      },
    });
  });
}

test("once the locks of a dead thread are repaired, those that wait or come later get them, whatever the supervisor does next", (t) => {
  explore(t, {
    world,
    preemptions: 1,
    random: 3000,
    program: (): Program => {
      const threads = contenders(3, 2);
      const [victim] = threads;
      return {
        threads,
        victims: [victim],
        supervisor: { ...supervisor(victim), body: (m) => repairLocks(m, victim.slot) },
        check: () => assert.equal(world.i32[H_REGISTRY_LOCK], 0),
      };
    },
  });
});

/** Sleeps until the word has been set. */
function* waitForNews(m: ModelMemory, news: number, expected: number): Steps<void> {
  for (;;) {
    const seen = yield* observe(m);
    if ((yield* atomics.get(m, news)) >= expected) return;
    yield* park(m, seen, Infinity);
  }
}

test("no ring is lost, however many ring at once", (t) => {
  explore(t, {
    world,
    preemptions: 4,
    random: 2000,
    program: () => ({
      threads: [
        { name: "sleeper", slot: slots[0], body: (m) => waitForNews(m, COUNTER, 2) },
        ...[1, 2].map((i) => ({
          name: `ringer ${i}`,
          slot: slots[i],
          *body(m: ModelMemory): Steps<void> {
            yield* atomics.add(m, COUNTER, 1);
            yield* ring(m, slots[0]);
          },
        })),
      ],
      check: () => undefined,
    }),
  });
});

test("who dies between its news and its ring wakes the sleeper by its death", (t) => {
  explore(t, {
    world,
    preemptions: 2,
    random: 2000,
    program: () => {
      const ringer: Thread = {
        name: "ringer",
        slot: slots[1],
        *body(m) {
          yield* atomics.add(m, COUNTER, 1);
          yield* ring(m, slots[0]);
        },
      };
      const sleeper: Thread = {
        name: "sleeper",
        slot: slots[0],
        *body(m) {
          for (;;) {
            const seen = yield* observe(m);
            if ((yield* atomics.get(m, COUNTER)) > 0) return;
            // The ringer was killed before it published: then no ring will come.
            if ((yield* atomics.load(m, slotPointer(slots[1]) + S_STATE)) === STATE_DEAD) return;
            yield* park(m, seen, Infinity);
          }
        },
      };
      return {
        threads: [sleeper, ringer],
        victims: [ringer],
        supervisor: supervisor(ringer),
        check: () => undefined,
      };
    },
  });
});

test("the explorer finds a lost update, a lost wake-up and a deadlock", (t) => {
  const p = slotPointer(slots[0]);
  const view = world.view(0);
  const careless = (slot: number, name: string): Thread => ({
    name,
    slot,
    *body(m) {
      yield* atomics.set(m, COUNTER, (yield* atomics.get(m, COUNTER)) + 1);
    },
  });
  assert.throws(
    () =>
      explore(t, {
        world,
        preemptions: 1,
        program: () => ({
          threads: [careless(slots[0], "A"), careless(slots[1], "B")],
          check: () => assert.equal(get(view, COUNTER), 2),
        }),
      }),
    /with this one:\n {2}A: 1 steps, get H_NEXT_CODE\n {2}B: 2 steps/,
  );
  assert.throws(
    () =>
      explore(t, {
        world,
        preemptions: 1,
        program: () => ({
          threads: [
            {
              name: "sleeper",
              slot: slots[0],
              *body(m) {
                // Polls first and reads the doorbell afterwards, which is the wrong order.
                if ((yield* atomics.get(m, COUNTER)) === 0) yield* park(m, yield* observe(m), Infinity);
              },
            },
            {
              name: "ringer",
              slot: slots[1],
              *body(m) {
                yield* atomics.set(m, COUNTER, 1);
                yield* ring(m, slots[0]);
              },
            },
          ],
          check: () => set(view, p, get(view, p)),
        }),
      }),
    /deadlock: sleeper sleeps on slot2\.S_DOORBELL/,
  );
  const both = (name: string, slot: number, from: number, to: number): Thread => ({
    name,
    slot,
    *body(m) {
      yield* lock(m, from);
      yield* lock(m, to);
      yield* unlock(m, to);
      yield* unlock(m, from);
    },
  });
  assert.throws(
    () =>
      explore(t, {
        world,
        preemptions: 1,
        program: () => ({
          threads: [
            both("A", slots[0], H_PAGE_LOCK, H_REGISTRY_LOCK),
            both("B", slots[1], H_REGISTRY_LOCK, H_PAGE_LOCK),
          ],
          check: () => undefined,
        }),
      }),
    /deadlock: A sleeps on H_REGISTRY_LOCK.LOCK_WAITERS, B sleeps on H_PAGE_LOCK.LOCK_WAITERS/,
  );
});
