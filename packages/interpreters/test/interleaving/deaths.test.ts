/**
 * Several deaths at once: the supervisor learns of them one by one, and any of the dead may have held a lock that it needs (supervisor.ts).
 */
import { test } from "node:test";
import { UNBOUND_ITEM, UNBOUND_ITEM_KEEP, UNBOUND_ITEM_REMOVE } from "../../src/memory/layout.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { put } from "../../src/kernel/queues.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { Consumer, type Item, Producer, settle } from "./items.js";
import { allocatePages, reap, freePages, queues, repairLocks } from "./modules.js";
import { record } from "./pieces.js";
import type { Thread } from "./scheduler.js";
import { supervise } from "./supervisor.js";
import { World } from "./world.js";

/** Reaps the dead in `slots` as it learns of their deaths, which happens only between turns of its event loop. */
function supervisor(slots: readonly number[]): Thread {
  const waiting = new Set(slots);
  const known: number[] = [];
  return supervise({
    *repair(m) {
      // One at a time, so that other threads may be dead without its knowledge.
      const next = [...waiting].find((slot) => m.world.over.has(slot));
      if (next !== undefined) {
        waiting.delete(next);
        known.push(next);
      }
      for (const slot of known) yield* repairLocks(m, slot);
    },
    *work(m) {
      while (known.length > 0) {
        yield* reap(m, known[0]);
        known.shift();
      }
      return waiting.size === 0;
    },
  });
}

const SMALL = 20;
const LARGE = 2000;
const BLOB = 5000;

test("two producers die, each at any step, and a third goes on", (t) => {
  const world = new World();
  const first = world.interpreters(3);
  const slots = [first, first + 1, first + 2];
  const q = createQueue(world.view(0), 0, UNBOUND_ITEM, false);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 2000,
    program: () => {
      const item = (bytes: number, unbound: number): Item => ({ bytes, unbound });
      const dying = [
        new Producer(slots[0], [item(BLOB, UNBOUND_ITEM_REMOVE)]),
        new Producer(slots[1], [item(SMALL, UNBOUND_ITEM_KEEP)]),
      ];
      const consumer = new Consumer(slots[2]);
      const victims = dying.map((producer, i) => producer.thread(`P${i + 1}`, q));
      return {
        threads: victims,
        victims,
        supervisor: supervisor(slots.slice(0, 2)),
        check() {
          checkMemory(world);
          for (const { slot } of dying) {
            settle(world, {
              q,
              producers: dying.filter((p) => p.slot === slot),
              consumers: [consumer],
              buried: slot,
            });
          }
        },
      };
    },
  });
});

test("one dies holding the page lock while the queues of another are closed", (t) => {
  const world = new World();
  const first = world.interpreters(2);
  const main = world.view(0);
  const q = createQueue(world.view(first), 0, UNBOUND_ITEM, false);
  const bytes = Buffer.alloc(LARGE);
  // Enough for two segments besides the first: the repair can meet the busy page lock at the first and again at the second.
  for (let i = 0; i < 6; i++) put(main, q, false, record(0, 0, bytes));
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 2000,
    program: () => {
      const holder: Thread = {
        name: "A",
        slot: first,
        *body(m) {
          yield* queues.sizeOf(m, q);
        },
      };
      const allocator: Thread = {
        name: "B",
        slot: first + 1,
        *body(m) {
          yield* freePages(m, yield* allocatePages(m, 1, m.slot + 1));
        },
      };
      return {
        threads: [holder, allocator],
        victims: [holder, allocator],
        supervisor: supervisor([first, first + 1]),
        check: () => checkMemory(world),
      };
    },
  });
});

test("the supervisor loses its patience with a living holder: nothing is lost by that", (t) => {
  const world = new World();
  const first = world.interpreters(2);
  const q = createQueue(world.view(0), 0, UNBOUND_ITEM, false);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: () => {
      const dying = new Producer(first, [{ bytes: BLOB, unbound: UNBOUND_ITEM_REMOVE }]);
      const living = new Producer(first + 1, [{ bytes: SMALL, unbound: UNBOUND_ITEM }]);
      const victim = dying.thread("P1", q);
      return {
        threads: [victim, living.thread("P2", q)],
        supervisor: supervisor([first]),
        victims: [victim],
        check() {
          checkMemory(world);
          settle(world, { q, producers: [dying, living], consumers: [], buried: first });
        },
      };
    },
  });
});
