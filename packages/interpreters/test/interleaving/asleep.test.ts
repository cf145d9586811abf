/**
 * All interpreters asleep, under every schedule: if none would ever go on, exactly one gives up its wait; and as long as one of them, or a thread that has not joined
 * yet, may still end a wait, none is refused.
 */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { anyone } from "../../src/kernel/asleep.js";
import { replyOf } from "../../src/kernel/deadlock.js";
import { freeSlot } from "../../src/kernel/registry.js";
import type { Slot } from "../../src/memory/brands.js";
import {
  ANYONE_SYNC,
  H_PROTOCOL,
  H_STRANGERS,
  PROTOCOL,
  S_DOORBELL,
  S_STATE,
  S_WHENCE,
  STATE_READY,
  STRANGERS_NONE,
  STRANGERS_POSSIBLE,
  SUPERVISOR_SLOT,
  WHENCE_CREATED,
} from "../../src/memory/layout.js";
import * as atomics from "./atomics.js";
import type { Steps } from "./atomics.js";
import { type Exploration, explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import {
  asleep,
  deadlock,
  LockBusy,
  markSleeping,
  observe,
  reap,
  registry,
  repairLocks,
  ring,
  sleep,
} from "./modules.js";
import type { Program, Thread } from "./scheduler.js";
import { type ModelMemory, slotPointer, World } from "./world.js";

/** A word of each slot that counts the items that came for it; of the supervisor's, the threads that are done. */
const ITEMS = 200;
/** The word for a start, in the supervisor's slot. */
const STARTED = 201;
const REPLIED = 202;
const ITEM = anyone(ANYONE_SYNC);
const MAIN = 0;

function* put(m: ModelMemory, slot: number, word = ITEMS): Steps<void> {
  yield* atomics.add(m, slotPointer(slot) + word, 1);
  yield* ring(m, slot);
}

/** The loop of a blocked thread (`Runtime.blockUntil`, `Sleeper.sleep`), until a word counts `count`. Returns false if the wait was refused. */
function* wait(m: ModelMemory, count: number, word = ITEMS, on = ITEM, gives = true): Steps<boolean> {
  for (;;) {
    const seen = yield* observe(m);
    if ((yield* atomics.load(m, m.me + word)) >= count) break;
    yield* deadlock.sayWaitingOn(m, on);
    if (!(yield* markSleeping(m, seen))) continue;
    const found = (yield* deadlock.findCircle(m)) ?? (yield* asleep.findAsleep(m));
    if (found !== undefined) {
      if (gives) {
        yield* deadlock.giveWay(m);
        yield* deadlock.sayWaitingOn(m, 0);
        return false;
      }
      yield* deadlock.stay(m, found);
    }
    yield* sleep(m, seen, Infinity);
  }
  yield* deadlock.sayWaitingOn(m, 0);
  return true;
}

/** Waits for the first item, gives up if it must, and then puts for all `others`. */
const waiter = (name: string, slot: number, others: readonly number[], refused: string[]): Thread => ({
  name,
  slot,
  *body(m) {
    if (!(yield* wait(m, 1))) refused.push(name);
    for (const other of others) if (other !== slot) yield* put(m, other);
    yield* put(m, SUPERVISOR_SLOT);
  },
});

/** A thread on its event loop, which nothing but a ring wakes, until `over`. */
function* idle(m: ModelMemory, over: () => Steps<boolean>, work?: () => Steps<void>): Steps<void> {
  for (;;) {
    const seen = yield* observe(m);
    yield* asleep.forgetIdle(m);
    if (work !== undefined) yield* work();
    if (yield* over()) return;
    const asker = (yield* asleep.isAsked(m)) ? yield* asleep.proveIdle(m, seen) : -1;
    if (!(yield* markSleeping(m, seen))) continue;
    if (asker === -1) yield* asleep.askIfLast(m);
    else yield* ring(m, asker as Slot);
    yield* sleep(m, seen, Infinity);
  }
}

const supervisor = (threads: number): Thread => ({
  name: "supervisor",
  slot: SUPERVISOR_SLOT,
  body: (m) =>
    idle(m, function* () {
      return (yield* atomics.load(m, m.me + ITEMS)) === threads;
    }),
});

/** Main and two interpreters that `create()` made, in a process without other threads. */
function scene(): { world: World; a: number; b: number } {
  const world = new World();
  const a = world.interpreters(2);
  for (const slot of [a, a + 1]) world.i32[slotPointer(slot) + S_WHENCE] = WHENCE_CREATED;
  world.i32[H_STRANGERS] = STRANGERS_NONE;
  world.remember();
  return { world, a, b: a + 1 };
}

/** The interpreter in `slot` has ended, and is no longer there. */
function without(world: World, slot: number): void {
  freeSlot(world.view(SUPERVISOR_SLOT), slot as Slot);
  world.remember();
}

const depths = { preemptions: 0, atAtomics: 1, random: 1000 };

test("main and an interpreter wait for items: exactly one gives way", (t) => {
  const { world, a, b } = scene();
  without(world, b);
  explore(t, {
    world,
    ...depths,
    program: (): Program => {
      const refused: string[] = [];
      const others = [MAIN, a];
      return {
        threads: [waiter("main", MAIN, others, refused), waiter("A", a, others, refused), supervisor(2)],
        check() {
          checkMemory(world);
          assert.equal(refused.length, 1, refused.join());
        },
      };
    },
  });
});

test("main and two interpreters wait for items: exactly one gives way", (t) => {
  const { world, a, b } = scene();
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: (): Program => {
      const refused: string[] = [];
      const others = [MAIN, a, b];
      return {
        threads: [
          waiter("main", MAIN, others, refused),
          waiter("A", a, others, refused),
          waiter("B", b, others, refused),
          supervisor(3),
        ],
        check() {
          checkMemory(world);
          assert.equal(refused.length, 1, refused.join());
        },
      };
    },
  });
});

test("main waits for a reply, and the other for an item: it is the wait for the item that ends", (t) => {
  const { world, a, b } = scene();
  without(world, b);
  explore(t, {
    world,
    ...depths,
    program: (): Program => {
      let refused = 0;
      return {
        threads: [
          {
            name: "main",
            slot: MAIN,
            *body(m) {
              assert.ok(yield* wait(m, 1, REPLIED, replyOf(a as Slot), false));
              yield* put(m, SUPERVISOR_SLOT);
            },
          },
          {
            name: "A",
            slot: a,
            *body(m) {
              if (!(yield* wait(m, 1))) refused++;
              yield* put(m, MAIN, REPLIED);
              yield* put(m, SUPERVISOR_SLOT);
            },
          },
          supervisor(2),
        ],
        check() {
          checkMemory(world);
          assert.equal(refused, 1);
        },
      };
    },
  });
});

test("two idle interpreters are asleep, too", (t) => {
  const { world, a, b } = scene();
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: (): Program => {
      const refused: string[] = [];
      const idler = (name: string, slot: number): Thread => ({
        name,
        slot,
        *body(m) {
          yield* idle(m, () => has(m, ITEMS));
          yield* put(m, SUPERVISOR_SLOT);
        },
      });
      return {
        threads: [waiter("main", MAIN, [a, b], refused), idler("A", a), idler("B", b), supervisor(3)],
        check() {
          checkMemory(world);
          assert.deepEqual(refused, ["main"]);
        },
      };
    },
  });
});

function* has(m: ModelMemory, word: number): Steps<boolean> {
  return (yield* atomics.load(m, m.me + word)) > 0;
}

/** Explores programs of threads, a supervisor beside them, in which `count` waits end, and none is refused. */
function exploreUnrefused(
  t: TestContext,
  world: World,
  bounds: Omit<Exploration, "world" | "program">,
  count: number,
  threadsOf: (outcomes: boolean[]) => readonly Thread[],
): void {
  explore(t, {
    world,
    ...bounds,
    program: (): Program => {
      const outcomes: boolean[] = [];
      const threads = threadsOf(outcomes);
      // A stranger tells the supervisor nothing.
      const own = threads.filter(({ name }) => name !== "stranger");
      return {
        threads: [...threads, supervisor(own.length)],
        check() {
          checkMemory(world);
          assert.deepEqual(
            outcomes,
            Array.from({ length: count }, () => true),
          );
        },
      };
    },
  });
}

/** Waits for an item. */
const getter = (name: string, slot: number, outcomes: boolean[]): Thread => ({
  name,
  slot,
  *body(m) {
    outcomes.push(yield* wait(m, 1));
    yield* put(m, SUPERVISOR_SLOT);
  },
});

test("the last one that is awake puts, and then sleeps: nobody is refused", (t) => {
  const { world, a, b } = scene();
  exploreUnrefused(t, world, depths, 3, (outcomes) => {
    // Each waits for one item and puts one for the next, except that B puts first.
    const thread = (name: string, slot: number, next: number, first: boolean): Thread => ({
      name,
      slot,
      *body(m) {
        if (first) yield* put(m, next);
        outcomes.push(yield* wait(m, 1));
        if (!first) yield* put(m, next);
        yield* put(m, SUPERVISOR_SLOT);
      },
    });
    return [thread("main", MAIN, b, false), thread("A", a, MAIN, false), thread("B", b, a, true)];
  });
});

test("one with a timer of its own is awake: it never proves the contrary", (t) => {
  const { world, a, b } = scene();
  without(world, b);
  exploreUnrefused(t, world, depths, 1, (outcomes) => [
    getter("main", MAIN, outcomes),
    {
      name: "A",
      slot: a,
      *body(m) {
        // Its event loop sleeps, until the timer comes, without a ring.
        const seen = yield* observe(m);
        if (yield* markSleeping(m, seen)) yield* sleep(m, seen, 1);
        yield* put(m, MAIN);
        yield* put(m, SUPERVISOR_SLOT);
      },
    },
  ]);
});

test("one that vm stopped in its wait is awake, though its words say that it sleeps", (t) => {
  const { world, a, b } = scene();
  without(world, b);
  exploreUnrefused(t, world, { ...depths, atAtomics: 2 }, 1, (outcomes) => [
    {
      name: "main",
      slot: MAIN,
      *body(m) {
        const seen = yield* observe(m);
        yield* deadlock.sayWaitingOn(m, ITEM);
        yield* markSleeping(m, seen);
        // Here, an exception has unwound the wait.
        yield* put(m, a);
        yield* put(m, SUPERVISOR_SLOT);
      },
    },
    getter("A", a, outcomes),
  ]);
});

test("one that boots is awake", (t) => {
  const { world, a, b } = scene();
  without(world, b);
  exploreUnrefused(t, world, depths, 2, (outcomes) => [
    getter("main", MAIN, outcomes),
    {
      name: "A",
      slot: a,
      *body(m) {
        assert.equal(yield* registry.claimSlot(m, WHENCE_CREATED), b);
        yield* start(m);
        yield* getter("A", a, outcomes).body(m);
      },
    },
    {
      name: "B",
      slot: b,
      *body(m) {
        yield* started(m);
        yield* atomics.store(m, m.me + S_STATE, STATE_READY);
        yield* put(m, MAIN);
        yield* put(m, a);
        yield* put(m, SUPERVISOR_SLOT);
      },
    },
  ]);
});

function* start(m: ModelMemory): Steps<void> {
  yield* atomics.store(m, slotPointer(SUPERVISOR_SLOT) + STARTED, 1);
  yield* atomics.notify(m, slotPointer(SUPERVISOR_SLOT) + STARTED, Infinity);
}

function* started(m: ModelMemory): Steps<void> {
  const p = slotPointer(SUPERVISOR_SLOT) + STARTED;
  while ((yield* atomics.load(m, p)) === 0) yield* atomics.wait(m, p, 0, Infinity);
}

test("a thread that has not joined may still put", (t) => {
  const { world, a, b } = scene();
  without(world, b);
  exploreUnrefused(t, world, depths, 2, (outcomes) => [
    getter("main", MAIN, outcomes),
    {
      name: "A",
      slot: a,
      *body(m) {
        yield* atomics.store(m, H_STRANGERS, STRANGERS_POSSIBLE);
        yield* start(m);
        yield* getter("A", a, outcomes).body(m);
      },
    },
    {
      // No interpreter has its slot.
      name: "stranger",
      slot: b,
      *body(m) {
        yield* started(m);
        yield* put(m, MAIN);
        yield* put(m, a);
      },
    },
  ]);
});

test("the one that others wait for dies at any step: one of them gives way, unless the item was put", (t) => {
  const { world, a, b } = scene();
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: (): Program => {
      const refused: string[] = [];
      const others = [MAIN, a];
      let killed = false;
      const victim: Thread = {
        name: "B",
        slot: b,
        *body(m) {
          if (!(yield* wait(m, 1))) refused.push("B");
          for (const other of others) yield* put(m, other);
        },
      };
      let reaped = false;
      return {
        threads: [
          waiter("main", MAIN, [a, b], refused),
          waiter("A", a, [MAIN, b], refused),
          victim,
          {
            name: "supervisor",
            slot: SUPERVISOR_SLOT,
            patience: 1,
            *body(m) {
              const over = function* (): Steps<boolean> {
                return reaped && (yield* atomics.load(m, m.me + ITEMS)) === 2;
              };
              const work = function* (): Steps<void> {
                if (reaped || !m.world.over.has(b)) return;
                killed = true;
                while (!reaped) {
                  try {
                    yield* reap(m, b as Slot);
                    yield* registry.freeSlot(m, b as Slot);
                    reaped = true;
                  } catch (error) {
                    // As in supervisor.ts: it waits for no lock for ever.
                    if (!(error instanceof LockBusy)) throw error;
                    yield* repairLocks(m, SUPERVISOR_SLOT);
                    m.depth = 0;
                    yield* atomics.wait(m, H_PROTOCOL, PROTOCOL, 1);
                  }
                }
              };
              yield* idle(m, over, work);
            },
          },
          {
            // Node tells the supervisor of the end by an event, whatever the doorbell says: the dead one may have rung it, and woken no thread.
            name: "Node",
            slot: 7,
            *body(m) {
              while (!m.world.over.has(b)) yield* atomics.wait(m, H_PROTOCOL, PROTOCOL, 1);
              yield* ring(m, SUPERVISOR_SLOT);
              yield* atomics.notify(m, slotPointer(SUPERVISOR_SLOT) + S_DOORBELL, Infinity);
            },
          },
        ],
        victims: [victim],
        check() {
          assert.ok(killed);
          checkMemory(world);
          // The dead one may have been the one that gave way, and another one then does.
          assert.ok(refused.length >= 1 && refused.length <= 2, refused.join());
        },
      };
    },
  });
});
