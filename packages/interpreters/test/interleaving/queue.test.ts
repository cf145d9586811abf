/** Queues under every schedule: order, no lost wake-up, and one fate for each item, whichever thread dies at whichever step. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  C_FLAGS,
  CHANNEL_CLOSED,
  CHANNEL_SHUT,
  OK,
  STATUS_NOT_FOUND,
  STATUS_SHUT,
  SUPERVISOR_SLOT,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "../../src/memory/layout.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { put, removeFrom, take } from "../../src/kernel/queues.js";
import { makeReceived } from "../../src/kernel/receive.js";
import type { InterpreterId, Pointer } from "../../src/memory/brands.js";
import { explore } from "./explore.js";
import { checkMemory, recordsOf } from "./invariants.js";
import { Consumer, contentOf, type Item, Producer, settle } from "./items.js";
import { reap, queues } from "./modules.js";
import { piece, record } from "./pieces.js";
import type { Thread } from "./scheduler.js";
import { World } from "./world.js";

interface Scene {
  readonly world: World;
  readonly q: number;
  readonly slots: readonly number[];
  /** The items that main had put before. */
  readonly before: Producer;
}

/** A queue that main holds and has put items into already, and three interpreters. */
function scene(maxsize: number, before: readonly number[] = []): Scene {
  const world = new World();
  const first = world.interpreters(3);
  const m = world.view(0);
  const q = createQueue(m, maxsize, UNBOUND_ITEM, false);
  for (const [index, bytes] of before.entries()) {
    assert.equal(put(m, q, false, record(0, 0, contentOf(0, index, bytes))), OK);
  }
  const producer = new Producer(0, before.map(item));
  producer.done = before.length;
  world.remember();
  return { world, q, slots: [first, first + 1, first + 2], before: producer };
}

function item(bytes: number, unbound: number = UNBOUND_ITEM): Item {
  return { bytes, unbound };
}

function undertaker(victim: number): Thread {
  return { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, victim) };
}

const SMALL = 20;
/** The first segment has room for one of these, the second for two. */
const LARGE = 2000;
const BLOB = 5000;

for (const [what, maxsize, before, a, b] of [
  ["small items", 0, [], [SMALL, SMALL], [SMALL]],
  ["items that need new segments", 0, [LARGE], [LARGE], [LARGE]],
  ["items with pages of their own", 0, [], [BLOB], [SMALL]],
  ["small items through a queue with room for one", 1, [], [SMALL, SMALL], [SMALL]],
] as const) {
  test(`two producers and a consumer: ${what}`, (t) => {
    const { world, q, slots, before: main } = scene(maxsize, before);
    explore(t, {
      world,
      preemptions: 1,
      random: 2000,
      program: () => {
        const producers = [
          new Producer(
            slots[0],
            a.map((n) => item(n)),
          ),
          new Producer(
            slots[1],
            b.map((n) => item(n)),
          ),
        ];
        const consumer = new Consumer(slots[2]);
        const total = before.length + a.length + b.length;
        return {
          threads: [
            producers[0].thread("P1", q),
            producers[1].thread("P2", q),
            consumer.thread("C", q, total),
          ],
          check() {
            checkMemory(world);
            assert.equal(consumer.got.length, total);
            settle(world, { q, producers: [main, ...producers], consumers: [consumer] });
          },
        };
      },
    });
  });
}

test("two consumers and a producer: each item goes to one of them, and none of them sleeps for ever", (t) => {
  const { world, q, slots } = scene(0);
  explore(t, {
    world,
    preemptions: 1,
    random: 3000,
    program: () => {
      const producer = new Producer(slots[0], [item(SMALL), item(SMALL)]);
      const consumers = [new Consumer(slots[1]), new Consumer(slots[2])];
      return {
        threads: [producer.thread("P", q), consumers[0].thread("C1", q, 1), consumers[1].thread("C2", q, 1)],
        check() {
          checkMemory(world);
          settle(world, { q, producers: [producer], consumers });
        },
      };
    },
  });
});

for (const [what, before, items] of [
  [
    "small items of each behaviour",
    [],
    [UNBOUND_ITEM, UNBOUND_ITEM_ERROR, UNBOUND_ITEM_REMOVE, UNBOUND_ITEM_KEEP].map((u) => item(SMALL, u)),
  ],
  ["items in several segments", [LARGE], [item(LARGE, UNBOUND_ITEM_KEEP), item(LARGE, UNBOUND_ITEM_REMOVE)]],
  ["items with pages of their own", [], [item(BLOB, UNBOUND_ITEM), item(BLOB, UNBOUND_ITEM_KEEP)]],
] as const) {
  test(`a producer dies at any step, between ${what}: the others' go on, its own have their fate`, (t) => {
    const { world, q, slots, before: main } = scene(0, before);
    explore(t, {
      world,
      preemptions: 0,
      random: 2000,
      program: () => {
        const dying = new Producer(slots[0], items);
        const living = new Producer(slots[1], [item(SMALL)]);
        const consumer = new Consumer(slots[2]);
        const victim = dying.thread("P1", q);
        return {
          // So many items can always be taken, whatever becomes of those of the dead.
          threads: [victim, living.thread("P2", q), consumer.thread("C", q, 1 + before.length)],
          victims: [victim],
          supervisor: undertaker(slots[0]),
          check() {
            checkMemory(world);
            settle(world, { q, producers: [main, dying, living], consumers: [consumer], buried: slots[0] });
          },
        };
      },
    });
  });
}

test("a consumer dies at any step: it takes at most one item with it, and the other one is woken", (t) => {
  for (const [bytes, before] of [
    [SMALL, []],
    [BLOB, []],
    // Each lies in another segment than the one before it.
    [LARGE, [LARGE]],
    // The second segment has pages of its own, and is left.
    [LARGE, [LARGE, LARGE, LARGE]],
  ] as const) {
    const { world, q, slots, before: main } = scene(0, before);
    explore(t, {
      world,
      preemptions: 0,
      random: 1500,
      program: () => {
        const producer = new Producer(slots[0], [item(bytes), item(bytes)]);
        const [dying, living] = [new Consumer(slots[1]), new Consumer(slots[2])];
        const takes = 1 + before.length;
        const victim = dying.thread("C1", q, takes);
        return {
          threads: [producer.thread("P", q), victim, living.thread("C2", q, 1)],
          victims: [victim],
          supervisor: undertaker(slots[1]),
          check(dead) {
            checkMemory(world);
            const mayBeLost = dead.length === 1 && dying.got.length < takes ? 1 : 0;
            settle(world, { q, producers: [main, producer], consumers: [dying, living], mayBeLost });
          },
        };
      },
    });
  }
});

test("a producer that waits for room dies at any step: the other one gets the room", (t) => {
  const { world, q, slots, before } = scene(1, [SMALL]);
  explore(t, {
    world,
    preemptions: 0,
    random: 2000,
    program: () => {
      const dying = new Producer(slots[0], [item(SMALL, UNBOUND_ITEM_REMOVE)]);
      const living = new Producer(slots[1], [item(SMALL)]);
      const consumer = new Consumer(slots[2]);
      const victim = dying.thread("P1", q);
      return {
        threads: [victim, living.thread("P2", q), consumer.thread("C", q, 2)],
        victims: [victim],
        supervisor: undertaker(slots[0]),
        check() {
          checkMemory(world);
          settle(world, { q, producers: [before, dying, living], consumers: [consumer], buried: slots[0] });
        },
      };
    },
  });
});

test("a producer dies at any step reusing an empty segment: nothing that was taken comes back", (t) => {
  const { world, q, slots } = scene(0, [LARGE]);
  const main = world.view(0);
  assert.equal(take(main, q as Pointer, false, makeReceived()), OK);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 1500,
    program: () => {
      const dying = new Producer(slots[0], [item(LARGE, UNBOUND_ITEM_KEEP)]);
      const living = new Producer(slots[1], [item(SMALL)]);
      const consumer = new Consumer(slots[2]);
      const victim = dying.thread("P1", q);
      return {
        threads: [victim, living.thread("P2", q), consumer.thread("C", q, 1)],
        victims: [victim],
        supervisor: undertaker(slots[0]),
        check() {
          checkMemory(world);
          settle(world, { q, producers: [dying, living], consumers: [consumer], buried: slots[0] });
          const waiting = recordsOf(world, q).length;
          let taken = 0;
          while (take(main, q as Pointer, false, makeReceived()) === OK) taken++;
          assert.equal(taken, waiting, "as many records can be taken as there are");
        },
      };
    },
  });
});

test("a consumer dies at any step after its next item was withdrawn: the queue counts what it holds", (t) => {
  const { world, q, slots } = scene(0);
  const main = world.view(0);
  const [consumer, producer] = [world.view(slots[1]), world.view(slots[0])];
  for (const key of [1, 2]) assert.equal(put(producer, q as Pointer, false, record(0, 0, piece(key))), OK);
  assert.equal(take(consumer, q as Pointer, false, makeReceived()), OK);
  assert.ok(removeFrom(main, q as Pointer, 0 as InterpreterId, 2, producer.lastPut));
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 100,
    program: () => {
      const victim = new Consumer(slots[1]).hastyThread("C1", q);
      return {
        threads: [victim],
        victims: [victim],
        supervisor: undertaker(slots[1]),
        check: () => checkMemory(world),
      };
    },
  });
});

test("a consumer gives up waiting: an item that it was rung for does not wait with nobody", (t) => {
  const { world, q, slots } = scene(0);
  explore(t, {
    world,
    preemptions: 1,
    random: 2000,
    program: () => {
      const producer = new Producer(slots[0], [item(SMALL)]);
      const [hasty, patient] = [new Consumer(slots[1]), new Consumer(slots[2])];
      return {
        threads: [hasty.hastyThread("C1", q), patient.thread("C2", q, 1), producer.thread("P", q)],
        check() {
          checkMemory(world);
          settle(world, { q, producers: [producer], consumers: [hasty, patient] });
        },
      };
    },
  });
});

for (const dies of [false, true]) {
  const title = dies ? ", and who puts them dies at any step" : "";
  test(`many items at once through a queue with room for two, beside single ones${title}`, (t) => {
    const { world, q, slots } = scene(2);
    explore(t, {
      world,
      preemptions: dies ? 0 : 1,
      random: 2000,
      program: () => {
        const many = new Producer(
          slots[0],
          (dies ? [1, 2] : [1, 2, 3]).map(() => item(SMALL, dies ? UNBOUND_ITEM_REMOVE : UNBOUND_ITEM)),
        );
        const single = new Producer(slots[1], [item(SMALL), item(SMALL)]);
        const consumer = new Consumer(slots[2]);
        const victim = many.threadOfMany("P1", q);
        // The queue holds two in the end: when so many are taken, all the others have been put.
        const taker = consumer.threadOfMany("C", q, dies ? 2 : 3);
        return {
          threads: [victim, single.thread("P2", q), taker],
          victims: dies ? [victim] : [],
          supervisor: undertaker(slots[0]),
          check() {
            checkMemory(world);
            const buried = dies ? slots[0] : -1;
            settle(world, { q, producers: [many, single], consumers: [consumer], buried });
          },
        };
      },
    });
  });
}

for (const [what, flag, status, end] of [
  ["closed", CHANNEL_CLOSED, STATUS_NOT_FOUND, queues.closeQueue],
  ["shut down", CHANNEL_SHUT, STATUS_SHUT, (m, q) => queues.shutdownQueue(m, q, false)],
  ["shut down at once", CHANNEL_SHUT, STATUS_SHUT, (m, q) => queues.shutdownQueue(m, q, true)],
] as const satisfies readonly (readonly [string, number, number, typeof queues.closeQueue])[]) {
  for (const dies of [false, true]) {
    test(`a queue is ${what}${dies ? " by one who dies doing it" : ""}: whoever waits there learns of it`, (t) => {
      const { world, q, slots, before } = scene(1, [LARGE]);
      explore(t, {
        world,
        preemptions: dies ? 0 : 1,
        random: 1500,
        program: () => {
          // More items than the queue can have room for, and more than can be taken.
          const producer = new Producer(slots[0], [item(SMALL), item(SMALL)]);
          const consumer = new Consumer(slots[1]);
          const closer: Thread = {
            name: "closer",
            slot: slots[2],
            *body(m) {
              yield* end(m, q);
            },
          };
          return {
            threads: [producer.thread("P", q), consumer.thread("C", q), closer],
            victims: dies ? [closer] : [],
            supervisor: {
              name: "supervisor",
              slot: SUPERVISOR_SLOT,
              *body(m) {
                yield* reap(m, slots[2]);
                // The dead may not have got that far; but if it has, waiters must not need it done a second time.
                if ((m.i32[q + C_FLAGS] & flag) === 0) yield* end(m, q);
              },
            },
            check() {
              checkMemory(world);
              assert.equal(consumer.status, status);
              assert.ok(producer.status === status || (producer.status === OK && producer.done === 2));
              if (what === "shut down")
                settle(world, { q, producers: [before, producer], consumers: [consumer] });
            },
          };
        },
      });
    });
  }
}
