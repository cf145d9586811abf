/**
 * The fence (kernel/fence.ts): a thread is condemned while it operates, and runs on for as long as the scheduler likes, or dies at any step. Under
 * every schedule, from the step on at which the supervisor may notify others, the thread changes nothing that another one could see, and
 * no other thread waits for its end.
 */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setBit } from "../../src/memory/bitset.js";
import type { Pointer, Slot } from "../../src/memory/brands.js";
import * as L from "../../src/memory/layout.js";
import { LANES, makeLanes, takeWorkOrWait, wakeWorker } from "../../src/kernel/lanes.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { put as putAtOnce } from "../../src/kernel/queues.js";
import { makeReceived } from "../../src/kernel/receive.js";
import { createSync, syncIdOf } from "../../src/kernel/sync-objects.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { Condemned } from "./condemned.js";
import { checkMemory } from "./invariants.js";
import { Consumer, contentOf, Producer } from "./items.js";
import { lanes, mailbox, park, queues, registry, sync } from "./modules.js";
import { KEEP, record } from "./pieces.js";
import type { Program, Thread } from "./scheduler.js";
import { block } from "./sync.js";
import { type ModelMemory, slotPointer, World } from "./world.js";

/** Tries all schedules with one preemption in which the thread runs on, and random ones in which it may also die at any step. */
function exploreBoth(t: TestContext, world: World, program: () => Program): void {
  world.remember();
  explore(t, { world, preemptions: 1, random: 400, program: () => ({ ...program(), victims: [] }) });
  explore(t, { world, preemptions: 0, random: 800, seed: 2, program });
}

/** Does the same under the fence with each operation: nothing of it is seen once others know. */
interface Operation {
  readonly name: string;
  /** Sets the scene for the slots from `first` on, and returns what the condemned thread, in `first`, does. */
  readonly scene: (world: World, first: Slot) => (m: ModelMemory) => Steps<unknown>;
}

const idOf = (m: ModelMemory): number => m.i32[m.me + L.S_ID];
const item = (m: ModelMemory, n: number): ReturnType<typeof record> =>
  record(KEEP, idOf(m), contentOf(m.slot, n, 20));
const kept = (bytes: number): { bytes: number; unbound: number } => ({ bytes, unbound: L.UNBOUND_ITEM_KEEP });

function* twice(body: (i: number) => Steps<unknown>): Steps<void> {
  for (let i = 0; i < 2; i++) yield* body(i);
}

/** A queue with three items that main has put. */
function filled(world: World, maxsize = 0): Pointer {
  const m = world.view(0);
  const q = createQueue(m, maxsize, L.UNBOUND_ITEM_KEEP, false);
  for (let i = 0; i < 3; i++) putAtOnce(m, q, false, record(KEEP, 0, contentOf(0, i, 20)));
  return q;
}

const OPERATIONS: readonly Operation[] = [
  {
    name: "puts items",
    scene(world) {
      const q = filled(world);
      return (m) => twice((i) => queues.put(m, q, false, item(m, i)));
    },
  },
  {
    name: "puts a large item",
    scene(world, first) {
      const q = filled(world);
      return (m) => new Producer(first, [kept(5000)]).thread("", q).body(m);
    },
  },
  {
    name: "puts batches",
    scene(world, first) {
      const q = filled(world);
      return (m) => new Producer(first, [kept(20), kept(20)]).threadOfMany("", q).body(m);
    },
  },
  {
    name: "takes items",
    scene(world) {
      const q = filled(world);
      const into = makeReceived();
      return (m) => twice(() => queues.take(m, q, false, into));
    },
  },
  {
    name: "takes a batch",
    scene(world, first) {
      const q = filled(world);
      return (m) => new Consumer(first).threadOfMany("", q, 2).body(m);
    },
  },
  {
    name: "waits for an item, and gives up",
    scene(world) {
      const q = createQueue(world.view(0), 0, L.UNBOUND_ITEM_KEEP, false);
      return function* (m) {
        yield* queues.take(m, q, true, makeReceived());
        yield* queues.stopWaiting(m, q, L.Q_GETTERS);
      };
    },
  },
  {
    name: "shuts a queue down, and closes it",
    scene(world) {
      const q = filled(world);
      return function* (m) {
        yield* queues.shutdownQueue(m, q, true);
        yield* queues.closeQueue(m, q);
      };
    },
  },
  {
    name: "creates a queue and an interpreter",
    scene: () =>
      function* (m) {
        yield* queues.createQueue(m, 0, L.UNBOUND_ITEM_KEEP, false);
        yield* registry.claimSlot(m, L.WHENCE_CREATED);
      },
  },
  {
    name: "sends a call and a reply",
    scene(world, first) {
      const id = world.i32[slotPointer(first + 1) + L.S_ID];
      return (m) =>
        twice((i) => mailbox.send(m, first + 1, i === 0 ? L.S_WORK : L.S_REPLIES, id, item(m, i)));
    },
  },
  {
    name: "sets and clears an event",
    scene(world) {
      const q = createSync(world.view(0), L.SYNC_EVENT, 0, 0);
      return function* (m) {
        yield* sync.setEvent(m, q);
        yield* sync.clearEvent(m, q);
      };
    },
  },
  {
    name: "acquires and releases a permit",
    scene(world) {
      const q = createSync(world.view(0), L.SYNC_BOUNDED, 1, 1);
      return function* (m) {
        yield* sync.acquirePermit(m, q, true);
        yield* sync.releasePermits(m, q, 1);
      };
    },
  },
  {
    name: "waits at a condition, and notifies it",
    scene(world) {
      const lock = createSync(world.view(0), L.SYNC_LOCK, 0, 0);
      const q = createSync(world.view(0), L.SYNC_CONDITION, lock, syncIdOf(world.view(0), lock));
      return function* (m) {
        yield* sync.beginWait(m, q);
        yield* sync.notifyWaits(m, q, 1);
        yield* sync.takeNotification(m, q);
      };
    },
  },
  {
    name: "arrives at a barrier, and breaks it",
    scene(world) {
      const q = createSync(world.view(0), L.SYNC_BARRIER, 0, 2);
      return function* (m) {
        yield* sync.arriveAtBarrier(m, q, { round: 0, index: 0 });
        yield* sync.abortBarrier(m, q);
      };
    },
  },
];

for (const { name, scene } of OPERATIONS) {
  test(`a condemned interpreter ${name}`, (t) => {
    const world = new World();
    const first = world.interpreters(2);
    const body = scene(world, first);
    exploreBoth(t, world, () => {
      const condemned = new Condemned(world, first);
      const leaving: Thread = { name: "leaving", slot: first, body };
      return {
        threads: [leaving, condemned.supervisor()],
        victims: [leaving],
        wrote: condemned.wrote(),
        check: () => checkMemory(world, { owned: new Map() }),
      };
    });
  });
}

test("a condemned interpreter uses a lock that others use: it is inside only if it came in before they knew", (t) => {
  const world = new World();
  const first = world.interpreters(2);
  const q = createSync(world.view(0), L.SYNC_LOCK, 0, 0);
  exploreBoth(t, world, () => {
    const condemned = new Condemned(world, first);
    let inside = -1;
    let mayEnter = true;
    const use = function* (m: ModelMemory): Steps<void> {
      for (let i = 0; i < 2; i++) {
        yield* block(m, q, function* () {
          const status = yield* sync.lockMutex(m, q);
          if (m.slot === first && status === L.OK) assert.ok(mayEnter, "it gets no lock once others know");
          return status;
        });
        assert.ok(inside === -1 || world.over.has(inside), "one at a time");
        inside = m.slot;
        yield* sync.takeAbandoned(m, q);
        assert.equal(inside, m.slot, "one at a time");
        inside = -1;
        assert.equal(yield* sync.unlockMutex(m, q), L.OK);
      }
    };
    const leaving: Thread = { name: "leaving", slot: first, body: use };
    const holds = (): boolean => (world.i32[q + L.Y_STATE] & (L.MUTEX_OWNER | L.MUTEX_GRANTED)) === first + 1;
    return {
      threads: [
        leaving,
        { name: "living", slot: first + 1, body: use },
        condemned.supervisor(() => (mayEnter = holds())),
      ],
      victims: [leaving],
      wrote: condemned.wrote(q + L.Y_STATE),
      // It may hold the lock, until its thread has ended.
      stuck(waiting) {
        if (!holds()) condemned.stuck(waiting);
      },
      check() {
        checkMemory(world);
        assert.equal(world.i32[q + L.Y_STATE], 0, "the lock is free");
      },
    };
  });
});

test("a condemned producer has filled a queue: others go on before its thread ends", (t) => {
  const world = new World();
  const first = world.interpreters(3);
  const q = createQueue(world.view(0), 1, L.UNBOUND_ITEM_REMOVE, false);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 1500,
    program: () => {
      const condemned = new Condemned(world, first);
      const removed = { bytes: 20, unbound: L.UNBOUND_ITEM_REMOVE };
      const leaving = new Producer(first, [removed, removed]).thread("leaving", q);
      return {
        threads: [
          leaving,
          new Producer(first + 1, [kept(20)]).thread("producer", q),
          new Consumer(first + 2).thread("consumer", q, 1),
          condemned.supervisor(),
        ],
        victims: [leaving],
        wrote: condemned.wrote(),
        stuck: condemned.stuck,
        check: () => checkMemory(world),
      };
    },
  });
});

test("a condemned worker was rung for an item of a pool, and passes that on: another one comes before its thread ends", (t) => {
  const world = new World();
  const first = world.interpreters(2);
  const living = (first + 1) as Slot;
  const [m0, m1] = [world.view(first), world.view(living)];
  const all = Array.from({ length: LANES }, () => createQueue(m0, 0, L.UNBOUND_ITEM_KEEP, true));
  for (const q of all) setBit(m0, q + L.Q_HOLDERS, living);
  const execution = (slot: Slot): Pointer => (slotPointer(slot) + L.S_EXECUTION) as Pointer;
  const pools = [makeLanes(all), makeLanes(all)];
  assert.equal(takeWorkOrWait(m0, pools[0], execution(first), makeReceived()), L.STATUS_EMPTY);
  assert.equal(takeWorkOrWait(m1, pools[1], execution(living), makeReceived()), L.STATUS_EMPTY);
  const seen = world.i32[slotPointer(living) + L.S_DOORBELL];
  const view = world.view(0);
  const lowest = LANES - 1;
  assert.equal(putAtOnce(view, all[lowest], false, record(KEEP, 0, contentOf(0, 1, 24)), false), L.OK);
  wakeWorker(view, all, lowest, false);
  assert.equal(world.i32[slotPointer(living) + L.S_DOORBELL], seen, "the other one was rung");
  exploreBoth(t, world, () => {
    const condemned = new Condemned(world, first);
    const leaving: Thread = {
      name: "leaving",
      slot: first,
      body: (m) => lanes.passWorkOn(m, { ...pools[0] }),
    };
    const other: Thread = {
      name: "living",
      slot: living,
      *body(m) {
        yield* park(m, seen, Infinity);
        const pool = { ...pools[1] };
        assert.equal(yield* lanes.takeWorkOrWait(m, pool, execution(living), makeReceived()), L.OK);
      },
    };
    return {
      threads: [leaving, other, condemned.supervisor()],
      victims: [leaving],
      wrote: condemned.wrote(),
      stuck: condemned.stuck,
      check: () => checkMemory(world),
    };
  });
});
