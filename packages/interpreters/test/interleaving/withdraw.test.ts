/**
 * Interpreters that are terminated while their threads run on, for as long as the scheduler likes: to all others they have ended at once
 * (`withdraw`), and what their threads do afterwards is undone when these have really ended (`reap`). Under every schedule no item is
 * lost, none is seen twice, no waiter is forgotten, and every page comes back.
 */
import { test } from "node:test";
import { Q_GETTERS, UNBOUND_ITEM, UNBOUND_ITEM_KEEP, UNBOUND_ITEM_REMOVE } from "../../src/memory/layout.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { Consumer, type Item, Producer, settle } from "./items.js";
import { fence, isStill, queues, reap, repairLocks, withdraw } from "./modules.js";
import type { Thread } from "./scheduler.js";
import { supervise } from "./supervisor.js";
import { World } from "./world.js";

/** The supervisor fences and withdraws the interpreter in `slot` at any time, and reaps it when its thread has ended. */
function supervisor(slot: number): Thread {
  let withdrawn = false;
  let ended = false;
  return supervise({
    *repair(m) {
      ended = m.world.over.has(slot);
      if (ended) yield* repairLocks(m, slot);
    },
    *work(m) {
      if (ended) yield* reap(m, slot);
      else if (!withdrawn) {
        yield* fence(m, slot);
        if (!(yield* isStill(m, slot))) return false;
        yield* withdraw(m, slot);
        withdrawn = true;
      }
      return ended;
    },
  });
}

const SMALL = 20;
const BLOB = 5000;

test("a producer that runs on", (t) => {
  const world = new World();
  const first = world.interpreters(2);
  const q = createQueue(world.view(0), 0, UNBOUND_ITEM, false);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 6000,
    program: () => {
      const item = (bytes: number, unbound: number): Item => ({ bytes, unbound });
      const leaving = new Producer(first, [
        item(BLOB, UNBOUND_ITEM_REMOVE),
        item(SMALL, UNBOUND_ITEM),
        item(SMALL, UNBOUND_ITEM_KEEP),
      ]);
      const living = new Producer(first + 1, [item(SMALL, UNBOUND_ITEM)]);
      const thread = leaving.thread("leaving", q);
      return {
        threads: [thread, living.thread("living", q), supervisor(first)],
        // It may run to its end, or end at any step.
        victims: [thread],
        check() {
          checkMemory(world);
          settle(world, { q, producers: [leaving, living], consumers: [], buried: first });
        },
      };
    },
  });
});

test("a waiter that runs on takes no ring from one that goes on", (t) => {
  const world = new World();
  const first = world.interpreters(3);
  const q = createQueue(world.view(0), 0, UNBOUND_ITEM, false);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 4000,
    program: () => {
      const producer = new Producer(first, [{ bytes: SMALL, unbound: UNBOUND_ITEM_KEEP }]);
      const living = new Consumer(first + 2);
      // Waits for the queue and is elsewhere: in a native call, which no ring reaches.
      const leaving: Thread = {
        name: "leaving",
        slot: first + 1,
        *body(m) {
          yield* queues.awaitRecord(m, q);
          yield* queues.stopWaiting(m, q, Q_GETTERS);
        },
      };
      return {
        threads: [
          producer.thread("producer", q),
          leaving,
          living.thread("living", q, 1),
          supervisor(first + 1),
        ],
        check() {
          checkMemory(world);
          settle(world, { q, producers: [producer], consumers: [living] });
        },
      };
    },
  });
});
