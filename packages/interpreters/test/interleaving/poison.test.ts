/**
 * Threads that live on although an exception has unwound one of their operations, at any step (thread/poison.ts): the supervisor repairs what
 * that left as after a death, and they go on. Under every schedule no other thread waits for ever, and the memory is whole.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  H_PROTOCOL,
  H_QUEUES,
  PROTOCOL,
  Q_NEXT,
  UNBOUND_ITEM,
  UNBOUND_ITEM_KEEP,
} from "../../src/memory/layout.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import * as atomics from "./atomics.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { Consumer, type Item, Producer, settle } from "./items.js";
import { queues } from "./modules.js";
import type { Thread } from "./scheduler.js";
import { playDead, supervisor } from "./supervisor.js";
import { type ModelMemory, World } from "./world.js";

const item = (bytes: number): Item => ({ bytes, unbound: UNBOUND_ITEM_KEEP });
const SMALL = 20;
const BLOB = 5000;

test("a producer that is unwound puts its further items", (t) => {
  const world = new World();
  const first = world.interpreters(2);
  const q = createQueue(world.view(0), 1, UNBOUND_ITEM, false);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 4000,
    program: () => {
      const producer = new Producer(first, [item(BLOB), item(SMALL), item(SMALL)]);
      const consumer = new Consumer(first + 1);
      const thread: Thread = {
        ...producer.thread("producer", q),
        *unwound(m) {
          // A thread that was unwound between two operations left nothing to repair and owes no ring.
          if (m.depth > 0) yield* playDead(m);
          yield* producer.goOn(m, q);
        },
      };
      return {
        // Of its three items, one may not have been put.
        threads: [thread, consumer.thread("consumer", q, 2), supervisor(first)],
        victims: [thread],
        check() {
          // The blobs that the consumer has read are freed by it.
          checkMemory(world);
          settle(world, { q, producers: [producer], consumers: [consumer], buried: first });
        },
      };
    },
  });
});

test("a consumer that is unwound loses one item at most, and others go on", (t) => {
  const world = new World();
  const first = world.interpreters(3);
  const q = createQueue(world.view(0), 0, UNBOUND_ITEM, false);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 4000,
    program: () => {
      const unlucky = new Consumer(first);
      const producer = new Producer(first + 1, [item(SMALL), item(SMALL), item(SMALL)]);
      const other = new Consumer(first + 2);
      const thread: Thread = {
        ...unlucky.thread("unlucky", q, 1),
        *unwound(m) {
          yield* playDead(m);
          // Its end would ring the others.
          while (other.got.length < 2) yield* atomics.wait(m, H_PROTOCOL, PROTOCOL, Infinity);
        },
      };
      return {
        threads: [thread, other.thread("other", q, 2), producer.thread("producer", q), supervisor(first)],
        victims: [thread],
        check() {
          checkMemory(world);
          settle(world, { q, producers: [producer], consumers: [unlucky, other], mayBeLost: 1 });
        },
      };
    },
  });
});

test("a thread that is unwound while it creates a queue creates another", (t) => {
  const world = new World();
  const first = world.interpreters(2);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 1000,
    program: () => {
      const made: number[] = [];
      const make = function* (m: ModelMemory): Steps<void> {
        made.push(yield* queues.createQueue(m, 0, UNBOUND_ITEM, false));
      };
      const thread: Thread = {
        name: "unlucky",
        slot: first,
        body: make,
        *unwound(m) {
          // A thread that was unwound between two operations left nothing to repair and owes no ring.
          if (m.depth > 0) yield* playDead(m);
          yield* make(m);
        },
      };
      const other: Thread = { name: "other", slot: first + 1, body: make };
      return {
        threads: [thread, other, supervisor(first)],
        victims: [thread],
        check() {
          checkMemory(world);
          assert.equal(made.length, 2);
          // Those of the unlucky thread have ended with it.
          const left: number[] = [];
          for (let q = world.i32[H_QUEUES]; q !== 0; q = world.i32[q + Q_NEXT]) left.push(q);
          assert.equal(left.length, 1);
          assert.ok(made.includes(left[0]));
        },
      };
    },
  });
});
