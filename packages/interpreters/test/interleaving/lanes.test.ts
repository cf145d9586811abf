/** A pool's lanes under every schedule: no wake-up is lost, no work item is begun twice, none before an older and more urgent one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LANES, makeLanes, takeWorkOrWait } from "../../src/kernel/lanes.js";
import type { Pointer } from "../../src/memory/brands.js";
import {
  OK,
  EXECUTION_IDLE,
  EXECUTION_SEQ,
  EXECUTION_STATE,
  S_ID,
  S_EXECUTION,
  STATUS_EMPTY,
  SUPERVISOR_SLOT,
  UNBOUND_ITEM_KEEP,
} from "../../src/memory/layout.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { put } from "../../src/kernel/queues.js";
import { makeReceived, wordAt } from "../../src/kernel/receive.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory, recordsOf } from "./invariants.js";
import { observe, reap, lanes, queues, runs, park } from "./modules.js";
import { KEEP, piece, record } from "./pieces.js";
import type { Thread } from "./scheduler.js";
import { type ModelMemory, slotPointer, World } from "./world.js";

const [HIGH, MIDDLE, LOW] = [0, 2, 4];

class Scene {
  readonly world = new World();
  readonly slots: readonly [number, number, number];
  readonly queues: readonly Pointer[];

  constructor() {
    const first = this.world.interpreters(3);
    this.slots = [first, first + 1, first + 2];
    const m = this.world.view(first);
    this.queues = Array.from({ length: LANES }, () => createQueue(m, 0, UNBOUND_ITEM_KEEP, true));
    this.world.remember();
  }

  *submit(m: ModelMemory, lane: number, sequence: number): Steps<void> {
    const sender = m.i32[m.me + S_ID];
    const put = queues.put(m, this.queues[lane], false, record(KEEP, sender, piece(sequence)));
    assert.equal(yield* put, OK);
    yield* lanes.wakeWorker(m, this.queues, lane);
  }

  /** Takes and ends `count` work items, sleeping while none waits. */
  *work(m: ModelMemory, count: number, done: number[]): Steps<void> {
    const into = makeReceived();
    const pool = makeLanes(this.queues);
    for (let i = 0; i < count;) {
      const seen = yield* observe(m);
      const status = yield* lanes.takeWorkOrWait(m, pool, m.me + S_EXECUTION, into);
      if (status === STATUS_EMPTY) yield* park(m, seen, Infinity);
      else {
        assert.equal(status, OK);
        done.push(wordAt(into, 0));
        i++;
        yield* runs.finishWork(m, m.me + S_EXECUTION);
        yield* runs.endWork(m, m.me + S_EXECUTION);
      }
    }
  }
}

for (const [name, order] of Object.entries({
  "urgent ones first": [HIGH, LOW],
  "urgent ones last": [LOW, HIGH],
  "beside the lane of waiters": [MIDDLE, HIGH],
})) {
  test(`two workers that sleep share the pieces of two lanes: ${name}`, (t) => {
    const scene = new Scene();
    const { world, slots } = scene;
    explore(t, {
      world,
      preemptions: 1,
      random: 2000,
      program: () => {
        const done: [number[], number[]] = [[], []];
        return {
          threads: [
            {
              name: "S",
              slot: slots[0],
              *body(m) {
                for (const [i, lane] of order.entries()) yield* scene.submit(m, lane, i + 1);
              },
            },
            // A lost wake-up would leave one of them asleep for ever.
            { name: "W1", slot: slots[1], body: (m) => scene.work(m, 1, done[0]) },
            { name: "W2", slot: slots[2], body: (m) => scene.work(m, 1, done[1]) },
          ],
          check() {
            checkMemory(world);
            assert.deepEqual(
              done.flat().sort((a, b) => a - b),
              [1, 2],
            );
          },
        };
      },
    });
  });
}

test("a worker that waits and does not look keeps no piece from another, where all are rung", (t) => {
  const scene = new Scene();
  const { world, slots } = scene;
  // This worker is on the list of waiters, and the task that it has begun computes for ever.
  const busy = world.view(slots[1]);
  const pool = makeLanes(scene.queues);
  assert.equal(takeWorkOrWait(busy, pool, (busy.me + S_EXECUTION) as Pointer, makeReceived()), STATUS_EMPTY);
  world.remember();
  explore(t, {
    world,
    preemptions: 2,
    random: 2000,
    program: () => {
      const done: number[] = [];
      return {
        threads: [
          {
            name: "S",
            slot: slots[0],
            *body(m) {
              yield* scene.submit(m, HIGH, 1);
              yield* lanes.wakeWorkers(m, scene.queues);
            },
          },
          { name: "W", slot: slots[2], body: (m) => scene.work(m, 1, done) },
        ],
        check() {
          checkMemory(world);
          assert.deepEqual(done, [1]);
        },
      };
    },
  });
});

test("one worker begins no piece before one that is older and of higher priority", (t) => {
  const scene = new Scene();
  const { world, slots } = scene;
  explore(t, {
    world,
    preemptions: 2,
    atAtomics: 2,
    random: 2000,
    program: () => {
      const done: number[] = [];
      return {
        threads: [
          {
            name: "S",
            slot: slots[0],
            *body(m) {
              yield* scene.submit(m, HIGH, 1);
              yield* scene.submit(m, LOW, 2);
            },
          },
          { name: "W", slot: slots[1], body: (m) => scene.work(m, 2, done) },
        ],
        check() {
          checkMemory(world);
          assert.deepEqual(done, [1, 2]);
        },
      };
    },
  });
});

test("a piece that is seen running is not in line any more", (t) => {
  const scene = new Scene();
  const { world, slots } = scene;
  const m = world.view(slots[0]);
  const sender = world.i32[m.me + S_ID];
  assert.equal(put(m, scene.queues[LOW], false, record(KEEP, sender, piece(1))), OK);
  world.remember();
  let seen = 0;
  explore(t, {
    world,
    preemptions: 2,
    random: 500,
    program: () => ({
      threads: [
        { name: "W", slot: slots[1], body: (m) => scene.work(m, 1, []) },
        {
          name: "main",
          slot: slots[0],
          *body(m) {
            const running = yield* runs.isExecutingWork(m, sender, 1);
            const waiting = yield* lanes.inLine(m, scene.queues);
            if (!running) return;
            assert.equal(waiting, 0);
            seen++;
          },
        },
      ],
      check: () => checkMemory(world),
    }),
  });
  assert.ok(seen > 0, "no schedule had it running");
});

test("a worker that waits at the lanes dies at any step: the other one takes what is there", (t) => {
  const scene = new Scene();
  const { world, slots } = scene;
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: () => {
      const done: [number[], number[]] = [[], []];
      const victim: Thread = { name: "W1", slot: slots[1], body: (m) => scene.work(m, 2, done[0]) };
      return {
        threads: [
          {
            name: "S",
            slot: slots[0],
            *body(m) {
              yield* scene.submit(m, HIGH, 1);
              yield* scene.submit(m, MIDDLE, 2);
              yield* scene.submit(m, LOW, 3);
            },
          },
          victim,
          { name: "W2", slot: slots[2], body: (m) => scene.work(m, 1, done[1]) },
        ],
        victims: [victim],
        supervisor: { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, slots[1]) },
        check(dead) {
          checkMemory(world);
          const { i32 } = world;
          const p = slotPointer(slots[1]);
          const running =
            (i32[p + S_EXECUTION] & EXECUTION_STATE) !== EXECUTION_IDLE
              ? i32[p + S_EXECUTION + EXECUTION_SEQ]
              : 0;
          const left = scene.queues.reduce<number>((sum, q) => sum + recordsOf(world, q).length, 0);
          const begun = new Set([...done[0], ...done[1], ...(running === 0 ? [] : [running])]);
          assert.equal(done[1].length, 1, "it was woken");
          assert.equal(
            begun.size + left,
            3,
            `${[...begun].join()} begun, ${left} left, dead: ${dead.length}`,
          );
        },
      };
    },
  });
});
