/**
 * Circles of blocked interpreters under every schedule: one that exists is found, one of its waits that can be given up is, and a wait that
 * another interpreter can still end is never refused.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findCircle, releaseOf, replyOf, sayWaitingOn } from "../../src/kernel/deadlock.js";
import { closeExecutions } from "../../src/kernel/executions.js";
import { lockMutex } from "../../src/kernel/mutex.js";
import { acquirePermit } from "../../src/kernel/semaphores.js";
import { createSync } from "../../src/kernel/sync-objects.js";
import type { Pointer, Slot } from "../../src/memory/brands.js";
import { markSleeping as fallAsleep, observe as counterOf } from "../../src/memory/doorbell.js";
import {
  OK,
  Q_GETTERS,
  S_WAITING_ON,
  SUPERVISOR_SLOT,
  SYNC_BOUNDED,
  SYNC_LOCK,
} from "../../src/memory/layout.js";
import * as atomics from "./atomics.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { deadlock, markSleeping, observe, queues, reap, registry, ring, sleep, sync } from "./modules.js";
import type { Thread } from "./scheduler.js";
import { type ModelMemory, slotPointer, World } from "./world.js";

/** A word of each slot that stands for what was sent to it, and one for the replies that it got. */
const CALLED = 200;
const REPLIED = 201;

const replyFrom = (slot: number): number => replyOf(slot as Slot);
const releaseFrom = (q: number): number => releaseOf(q as Pointer);

interface Blocking {
  /** What S_WAITING_ON says. */
  readonly on: number;
  /** Polls, and returns whether the wait is over. */
  poll(): Steps<boolean>;
  /** Gives up the wait, if it can. */
  gives?(): boolean;
}

/** The loop of a blocked thread (`Runtime.blockUntil`, `Sleeper.sleep`). Returns false if the wait was refused. */
function* block(m: ModelMemory, { on, poll, gives }: Blocking): Steps<boolean> {
  let over = false;
  let refused = false;
  let said = false;
  for (;;) {
    const seen = yield* observe(m);
    over = yield* poll();
    if (over) break;
    if (!said) yield* deadlock.sayWaitingOn(m, on);
    said = true;
    if (!(yield* markSleeping(m, seen))) continue;
    const circle = yield* deadlock.findCircle(m);
    if (circle !== undefined) {
      refused = gives === undefined || gives();
      if (refused) {
        yield* deadlock.giveWay(m);
        break;
      }
      yield* deadlock.stay(m, circle);
    }
    yield* sleep(m, seen, Infinity);
  }
  yield* deadlock.sayWaitingOn(m, 0);
  return !refused;
}

function* say(m: ModelMemory, slot: number, word: number, value: number): Steps<void> {
  yield* atomics.add(m, slotPointer(slot) + word, value);
  yield* ring(m, slot);
}

function* has(m: ModelMemory, word: number): Steps<boolean> {
  return (yield* atomics.load(m, slotPointer(m.slot) + word)) !== 0;
}

/** Waits on its event loop. */
function* sleepUntil(m: ModelMemory, word: number): Steps<void> {
  for (;;) {
    const seen = yield* observe(m);
    if (yield* has(m, word)) return;
    if (yield* markSleeping(m, seen)) yield* sleep(m, seen, Infinity);
  }
}

/** Waits for a lock, and takes it. Returns false if that was refused: this interpreter is off the list then. */
function* acquire(m: ModelMemory, q: number): Steps<boolean> {
  let enlisted = false;
  const acquired = yield* block(m, {
    on: releaseFrom(q),
    *poll() {
      if (enlisted && (yield* queues.isWaiting(m, q, Q_GETTERS))) return false;
      enlisted = true;
      return (yield* sync.lockMutex(m, q)) === OK;
    },
  });
  yield* sync.stopWaitingForSync(m, q);
  return acquired;
}

function scene(locks: number): { world: World; q: readonly Pointer[]; slots: readonly number[] } {
  const world = new World();
  const first = world.interpreters(3);
  const q = Array.from({ length: locks }, () => createSync(world.view(0), SYNC_LOCK, 0, 0));
  world.remember();
  return { world, q, slots: [first, first + 1, first + 2] };
}

function checkAwake(world: World, slots: readonly number[]): void {
  checkMemory(world);
  for (const slot of slots) assert.equal(world.i32[slotPointer(slot) + S_WAITING_ON], 0);
}

/* Each of `waits` waits for a reply of the interpreter that it names, which replies when its own wait is over. */
for (const [what, waits, unable, refusals] of [
  ["two wait for each other", [1, 0], [], 1],
  ["two wait for each other, and one cannot give way", [1, 0], [0], 1],
  ["three wait in a circle", [1, 2, 0], [], 1],
  ["three wait in a circle, and one can give way", [1, 2, 0], [0, 2], 1],
  ["two wait for a third", [2, 2, -1], [], 0],
  ["three wait in a row", [1, 2, -1], [], 0],
  ["one waits for itself", [0], [], 1],
  ["one waits for two that wait for each other", [1, 2, 1], [], 1],
] as const satisfies readonly (readonly [string, readonly number[], readonly number[], number])[]) {
  test(`${what}: ${refusals === 0 ? "all replies come" : "exactly one wait is given up"}`, (t) => {
    const { world, slots } = scene(0);
    explore(t, {
      world,
      preemptions: waits.length > 2 ? 1 : 3,
      atAtomics: waits.length > 2 ? 1 : 2,
      random: 3000,
      program: () => {
        const refused: number[] = [];
        return {
          threads: waits.map((to, i): Thread => ({
            name: "ABC"[i],
            slot: slots[i],
            *body(m) {
              const gives = (): boolean => !(unable as readonly number[]).includes(i);
              const poll = (): Steps<boolean> => has(m, REPLIED);
              if (to !== -1 && !(yield* block(m, { on: replyFrom(slots[to]), poll, gives }))) refused.push(i);
              for (const [j, target] of waits.entries())
                if (target === i && j !== i) yield* say(m, slots[j], REPLIED, 1);
            },
          })),
          check() {
            checkAwake(world, slots);
            assert.equal(refused.length, refusals, refused.join());
            assert.ok(!refused.some((i) => (unable as readonly number[]).includes(i)));
          },
        };
      },
    });
  });
}

test("an owner that waits for its caller runs the caller's callback: no wait is refused", (t) => {
  const { world, slots } = scene(0);
  const [owner, caller] = slots;
  explore(t, {
    world,
    preemptions: 3,
    atAtomics: 2,
    random: 3000,
    program: () => {
      const outcomes: boolean[] = [];
      return {
        threads: [
          {
            name: "owner",
            slot: owner,
            *body(m) {
              let ran = false;
              const poll = function* (): Steps<boolean> {
                if (!ran && (yield* has(m, CALLED))) {
                  ran = true;
                  yield* say(m, caller, REPLIED, 1);
                }
                return yield* has(m, REPLIED);
              };
              outcomes.push(yield* block(m, { on: replyFrom(caller), poll }));
              // Now it calls the caller, which has ended its wait, or is about to.
              outcomes.push(yield* block(m, { on: replyFrom(caller), poll }));
            },
          },
          {
            name: "caller",
            slot: caller,
            *body(m) {
              yield* say(m, owner, CALLED, 1);
              outcomes.push(yield* block(m, { on: replyFrom(owner), poll: () => has(m, REPLIED) }));
              yield* say(m, owner, REPLIED, 1);
            },
          },
        ],
        check() {
          checkAwake(world, slots);
          assert.deepEqual(outcomes, [true, true, true]);
        },
      };
    },
  });
});

test("an owner calls its caller as soon as the callback has ended: the caller is about to go on", (t) => {
  const { world, slots } = scene(0);
  const [owner, caller] = slots;
  explore(t, {
    world,
    preemptions: 3,
    atAtomics: 2,
    random: 3000,
    program: () => {
      const outcomes: boolean[] = [];
      return {
        threads: [
          {
            name: "owner",
            slot: owner,
            *body(m) {
              yield* say(m, caller, REPLIED, 1);
              yield* say(m, caller, CALLED, 1);
              outcomes.push(yield* block(m, { on: replyFrom(caller), poll: () => has(m, REPLIED) }));
            },
          },
          {
            name: "caller",
            slot: caller,
            *body(m) {
              outcomes.push(yield* block(m, { on: replyFrom(owner), poll: () => has(m, REPLIED) }));
              yield* sleepUntil(m, CALLED);
              yield* say(m, owner, REPLIED, 1);
            },
          },
        ],
        check() {
          checkAwake(world, slots);
          assert.deepEqual(outcomes, [true, true]);
        },
      };
    },
  });
});

for (const nested of ["a callback of the third", "a callback that does not wait"]) {
  test(`a circle of calls closes when ${nested} has run within the wait of one: it is found then`, (t) => {
    const { world, slots } = scene(0);
    const [a, b, c] = slots;
    explore(t, {
      world,
      preemptions: 1,
      atAtomics: 1,
      random: 6000,
      program: () => {
        const refused: string[] = [];
        return {
          threads: [
            {
              // Waits for B, which has begun the call, and runs a callback meanwhile, within which it waits for C.
              name: "A",
              slot: a,
              *body(m) {
                let ran = false;
                const poll = function* (): Steps<boolean> {
                  if (!ran && (yield* has(m, CALLED))) {
                    ran = true;
                    yield* deadlock.sayWaitingOn(m, 0);
                    if (nested === "a callback of the third") {
                      yield* say(m, c, CALLED, 1);
                      yield* block(m, { on: replyFrom(c), poll: () => has(m, CALLED + 2) });
                    }
                    yield* deadlock.sayWaitingOn(m, replyFrom(b));
                  }
                  return yield* has(m, REPLIED);
                };
                const gives = (): boolean => false;
                yield* block(m, { on: replyFrom(b), poll, gives });
              },
            },
            {
              name: "B",
              slot: b,
              *body(m) {
                yield* say(m, a, CALLED, 1);
                const gives = (): boolean => {
                  refused.push("B");
                  return true;
                };
                yield* block(m, { on: replyFrom(a), poll: () => has(m, REPLIED), gives });
                yield* say(m, a, REPLIED, 1);
              },
            },
            {
              name: "C",
              slot: c,
              *body(m) {
                if (nested !== "a callback of the third") return;
                yield* sleepUntil(m, CALLED);
                yield* say(m, a, CALLED + 2, 1);
              },
            },
          ],
          check() {
            checkAwake(world, slots);
            assert.deepEqual(refused, ["B"]);
          },
        };
      },
    });
  });
}

test("one of a would-be circle dies at any step: the other goes on", (t) => {
  const { world, slots } = scene(0);
  const [a, b] = slots;
  explore(t, {
    world,
    preemptions: 0,
    atAtomics: 1,
    random: 3000,
    program: () => {
      const victim: Thread = {
        name: "A",
        slot: a,
        *body(m) {
          yield* block(m, { on: replyFrom(b), poll: () => has(m, REPLIED) });
          yield* say(m, b, REPLIED, 1);
        },
      };
      let done = false;
      return {
        threads: [
          victim,
          {
            name: "B",
            slot: b,
            *body(m) {
              const poll = function* (): Steps<boolean> {
                return (yield* has(m, REPLIED)) || !(yield* registry.isAlive(m, a));
              };
              yield* block(m, { on: replyFrom(a), poll });
              yield* say(m, a, REPLIED, 1);
              done = true;
            },
          },
        ],
        victims: [victim],
        supervisor: { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, a) },
        check() {
          checkAwake(world, slots);
          assert.ok(done);
        },
      };
    },
  });
});

test("an interpreter that is about to be terminated is in no circle: its end ends the waits for it", () => {
  const { world, slots } = scene(0);
  const [a, b] = [world.view(slots[0]), world.view(slots[1])];
  const wait = (m: typeof a, on: Slot): void => {
    sayWaitingOn(m, replyOf(on));
    assert.ok(fallAsleep(m, counterOf(m)));
  };
  wait(a, b.slot);
  wait(b, a.slot);
  closeExecutions(world.view(SUPERVISOR_SLOT), a.slot);
  assert.equal(findCircle(b), undefined);
  // The one that ends may find it.
  assert.deepEqual(findCircle(a), [a.slot, replyOf(b.slot), b.slot, replyOf(a.slot)]);
});

test("two threads acquire two locks crosswise: at most one is refused, and both go on", (t) => {
  const { world, q, slots } = scene(2);
  explore(t, {
    world,
    preemptions: 1,
    atAtomics: 2,
    random: 3000,
    program: () => {
      let refused = 0;
      let done = 0;
      const thread = (name: string, slot: number, first: number, second: number): Thread => ({
        name,
        slot,
        *body(m) {
          // The other may hold it for a moment.
          assert.ok((yield* acquire(m, first)) || ++refused === 1);
          if (!(yield* sync.holdsMutex(m, first))) return;
          if (yield* acquire(m, second)) yield* sync.unlockMutex(m, second);
          else refused++;
          yield* sync.unlockMutex(m, first);
          done++;
        },
      });
      return {
        threads: [thread("A", slots[0], q[0], q[1]), thread("B", slots[1], q[1], q[0])],
        check() {
          checkAwake(world, slots);
          assert.equal(done, 2);
          assert.ok(refused <= 1, "at most one");
        },
      };
    },
  });
});

test("threads that only wait for one lock in turn are in no circle", (t) => {
  const { world, q, slots } = scene(1);
  assert.equal(lockMutex(world.view(slots[2]), q[0]), OK);
  world.remember();
  explore(t, {
    world,
    preemptions: 1,
    atAtomics: 2,
    random: 2000,
    program: () => {
      let passed = 0;
      const thread = (name: string, slot: number): Thread => ({
        name,
        slot,
        *body(m) {
          for (let round = 0; round < 2; round++) {
            assert.ok(yield* acquire(m, q[0]), "a circle that does not exist");
            yield* sync.unlockMutex(m, q[0]);
            passed++;
          }
        },
      });
      const holder: Thread = {
        name: "holder",
        slot: slots[2],
        *body(m) {
          yield* sync.unlockMutex(m, q[0]);
        },
      };
      return {
        threads: [thread("A", slots[0]), thread("B", slots[1]), holder],
        check() {
          checkAwake(world, slots);
          assert.equal(passed, 4);
        },
      };
    },
  });
});

test("permits of a bounded semaphore that are passed on are in no circle", (t) => {
  const world = new World();
  const first = world.interpreters(3);
  const slots = [first, first + 1, first + 2];
  const q = createSync(world.view(0), SYNC_BOUNDED, 2, 2);
  for (const slot of slots.slice(1)) assert.equal(acquirePermit(world.view(slot), q, false), OK);
  world.remember();
  explore(t, {
    world,
    preemptions: 1,
    atAtomics: 1,
    random: 3000,
    program: () => {
      const outcomes: boolean[] = [];
      const permit = (m: ModelMemory): Steps<boolean> =>
        block(m, {
          on: releaseFrom(q),
          *poll() {
            return (yield* sync.acquirePermit(m, q, true)) === OK;
          },
        });
      return {
        threads: [
          {
            name: "A",
            slot: slots[0],
            *body(m) {
              outcomes.push(yield* permit(m));
              yield* sync.releasePermits(m, q, 1);
              // B waits for it.
              yield* say(m, slots[1], REPLIED, 1);
            },
          },
          {
            name: "B",
            slot: slots[1],
            *body(m) {
              outcomes.push(yield* block(m, { on: replyFrom(slots[0]), poll: () => has(m, REPLIED) }));
              yield* sync.releasePermits(m, q, 1);
            },
          },
          {
            name: "C",
            slot: slots[2],
            *body(m) {
              yield* sync.releasePermits(m, q, 1);
              outcomes.push(yield* permit(m));
              yield* sync.releasePermits(m, q, 1);
            },
          },
        ],
        check() {
          checkAwake(world, slots);
          assert.deepEqual(outcomes, [true, true, true]);
        },
      };
    },
  });
});

test("a circle that closes when a blocked thread is granted a lock for its event loop is found", (t) => {
  const { world, q, slots } = scene(1);
  const [a, b, c] = slots;
  // C holds the lock. B waits for it on its event loop, and then blocks until A replies; A blocks until it has the lock.
  assert.equal(lockMutex(world.view(c), q[0]), OK);
  world.remember();
  explore(t, {
    world,
    preemptions: 1,
    atAtomics: 2,
    random: 3000,
    program: () => {
      let refused = 0;
      return {
        threads: [
          {
            name: "A",
            slot: a,
            *body(m) {
              if (yield* acquire(m, q[0])) yield* sync.unlockMutex(m, q[0]);
              else refused++;
              yield* say(m, b, REPLIED, 1);
            },
          },
          {
            name: "B",
            slot: b,
            *body(m) {
              let has1 = false;
              const poll = function* (): Steps<boolean> {
                if (!has1) has1 = (yield* sync.lockMutex(m, q[0])) === OK;
                return yield* has(m, REPLIED);
              };
              // A has begun the call.
              const gives = (): boolean => false;
              yield* block(m, { on: replyFrom(a), poll, gives });
              if (has1) yield* sync.unlockMutex(m, q[0]);
              else yield* sync.stopWaitingForSync(m, q[0]);
            },
          },
          {
            name: "C",
            slot: c,
            *body(m) {
              assert.equal(yield* sync.unlockMutex(m, q[0]), OK);
            },
          },
        ],
        check() {
          checkAwake(world, slots);
          assert.ok(refused <= 1);
        },
      };
    },
  });
});

for (const releases of [true, false]) {
  const outcome = releases ? "gets it" : "is refused, and the callback's owner goes on";
  test(`one that waits for a lock of an interpreter that runs a callback ${outcome}`, (t) => {
    const { world, q, slots } = scene(1);
    const [a, b] = slots;
    // A holds the lock, waits for a reply of B, and runs a callback meanwhile.
    assert.equal(lockMutex(world.view(a), q[0]), OK);
    world.remember();
    explore(t, {
      world,
      preemptions: 3,
      atAtomics: 2,
      random: 2000,
      program: () => {
        let refused = 0;
        return {
          threads: [
            {
              name: "A",
              slot: a,
              *body(m) {
                let ran = false;
                const poll = function* (): Steps<boolean> {
                  if (!ran) {
                    ran = true;
                    if (releases) yield* sync.unlockMutex(m, q[0]);
                  }
                  return yield* has(m, REPLIED);
                };
                const gives = (): boolean => false;
                yield* block(m, { on: replyFrom(b), poll, gives });
                if (!releases) yield* sync.unlockMutex(m, q[0]);
              },
            },
            {
              name: "B",
              slot: b,
              *body(m) {
                if (yield* acquire(m, q[0])) yield* sync.unlockMutex(m, q[0]);
                else refused++;
                yield* say(m, a, REPLIED, 1);
              },
            },
          ],
          check() {
            checkAwake(world, slots);
            assert.equal(refused, releases ? 0 : 1);
          },
        };
      },
    });
  });
}
