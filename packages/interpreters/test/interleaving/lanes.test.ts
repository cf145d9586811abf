/** A pool's lanes under every schedule: no wake-up is lost, no work item is begun twice, none before an older and more urgent one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LANES, makeLanes, takeWorkOrWait } from "../../src/kernel/lanes.js";
import { setBit } from "../../src/memory/bitset.js";
import type { Pointer, Slot } from "../../src/memory/brands.js";
import {
  OK,
  EXECUTION_IDLE,
  EXECUTION_SEQ,
  EXECUTION_STATE,
  S_ID,
  Q_HOLDERS,
  Q_GETTERS,
  S_DOORBELL,
  S_EXECUTION,
  SPINNERS,
  STATUS_EMPTY,
  SUPERVISOR_SLOT,
  UNBOUND_ITEM_KEEP,
} from "../../src/memory/layout.js";
import { endWork, finishWork } from "../../src/kernel/executions.js";
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
    // The workers hold the queues, too, as those of a real pool do: they outlive the submitter.
    for (const q of this.queues) for (const slot of this.slots) setBit(m, q + Q_HOLDERS, slot as Slot);
    this.world.remember();
  }

  /** `each`: whether a sleeping worker is woken for it even if another one is on its way. */
  *submit(m: ModelMemory, lane: number, sequence: number, each = true): Steps<void> {
    const sender = m.i32[m.me + S_ID];
    const put = queues.put(m, this.queues[lane], false, record(KEEP, sender, piece(sequence)), each);
    assert.equal(yield* put, OK);
    yield* lanes.wakeWorker(m, this.queues, lane, each);
  }

  /** Takes and ends `count` work items. While none waits, it spins, if there is a lookout for it, and then sleeps. */
  *work(m: ModelMemory, count: number, done: number[], spins = true): Steps<void> {
    const into = makeReceived();
    const pool = makeLanes(this.queues);
    let spun = !spins;
    for (let i = 0; i < count;) {
      const seen = yield* observe(m);
      const status = yield* lanes.takeWorkOrWait(m, pool, m.me + S_EXECUTION, into, !spun);
      if (status === STATUS_EMPTY) {
        if (!spun && pool.lookout !== -1) {
          spun = (yield* lanes.pollForWork(m, pool, seen, 1)) === -1;
          continue;
        }
        yield* park(m, seen, Infinity);
        spun = !spins;
      } else {
        assert.equal(status, OK);
        done.push(wordAt(into, 0));
        i++;
        spun = !spins;
        yield* runs.finishWork(m, m.me + S_EXECUTION);
        yield* runs.endWork(m, m.me + S_EXECUTION);
      }
    }
  }
}

for (const [name, order, each] of [
  ["urgent ones first", [HIGH, LOW], true],
  ["urgent ones last", [LOW, HIGH], true],
  ["beside the lane of waiters", [MIDDLE, HIGH], true],
  ["one is woken and wakes the other", [MIDDLE, MIDDLE], false],
  ["one is woken and wakes the other, in other lanes", [LOW, HIGH], false],
  ["one is woken and wakes the other, in two lanes", [MIDDLE, HIGH], false],
] as const) {
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
                for (const [i, lane] of order.entries()) yield* scene.submit(m, lane, i + 1, each);
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

for (const each of [true, false]) {
  test(`a worker that waits at the lanes dies at any step: the other one takes what is there${each ? "" : ", though one is woken at a time"}`, (t) => {
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
                yield* scene.submit(m, HIGH, 1, each);
                yield* scene.submit(m, MIDDLE, 2, each);
                yield* scene.submit(m, LOW, 3, each);
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
}

test("a submitter dies at any step, with a ring that it owed: what others submit later wakes all workers", (t) => {
  const scene = new Scene();
  const { world, slots } = scene;
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: () => {
      const done: [number[], number[]] = [[], []];
      const victim: Thread = {
        name: "S",
        slot: slots[0],
        *body(m) {
          yield* scene.submit(m, MIDDLE, 1, false);
          yield* scene.submit(m, HIGH, 2, false);
        },
      };
      return {
        threads: [
          victim,
          { name: "W1", slot: slots[1], body: (m) => scene.work(m, 1, done[0]) },
          { name: "W2", slot: slots[2], body: (m) => scene.work(m, 1, done[1]) },
        ],
        victims: [victim],
        supervisor: {
          name: "supervisor",
          slot: SUPERVISOR_SLOT,
          *body(m) {
            yield* reap(m, slots[0]);
            yield* scene.submit(m, MIDDLE, 3, false);
            yield* scene.submit(m, MIDDLE, 4, false);
          },
        },
        check() {
          checkMemory(world);
          assert.deepEqual([done[0].length, done[1].length], [1, 1]);
        },
      };
    },
  });
});

/** Two workers and a submitter, who act in turn. */
class Turns {
  readonly scene = new Scene();
  readonly #submitter = this.scene.world.view(this.scene.slots[0]);
  readonly #workers = [this.scene.slots[1], this.scene.slots[2]].map((slot) => ({
    m: this.scene.world.view(slot),
    pool: makeLanes(this.scene.queues),
  }));
  #sequence = 0;

  /** Whether worker `i` has a lookout. */
  spins(i: number): boolean {
    return this.#workers[i].pool.lookout !== -1;
  }

  take(i: number, spin: boolean): number {
    const { m, pool } = this.#workers[i];
    return takeWorkOrWait(m, pool, (m.me + S_EXECUTION) as Pointer, makeReceived(), spin);
  }

  end(i: number): void {
    const { m } = this.#workers[i];
    assert.ok(finishWork(m, (m.me + S_EXECUTION) as Pointer));
    endWork(m, (m.me + S_EXECUTION) as Pointer);
  }

  /** Returns the indices of the workers that are rung. */
  submit(each: boolean): number[] {
    const m = this.#submitter;
    const outgoing = record(KEEP, m.i32[m.me + S_ID], piece(++this.#sequence));
    return this.rung(() => assert.equal(put(m, this.scene.queues[MIDDLE], false, outgoing, each), OK));
  }

  /** The indices of the workers that `act` rings. */
  rung(act: () => void): number[] {
    const bells = (): number[] => this.#workers.map(({ m }) => m.i32[m.me + S_DOORBELL]);
    const before = bells();
    act();
    return bells().flatMap((bell, i) => (bell === before[i] ? [] : [i]));
  }
}

test("a put wakes no worker while one spins, or while one that was woken has not come", () => {
  const turns = new Turns();
  assert.equal(turns.take(0, false), STATUS_EMPTY);
  assert.equal(turns.take(1, true), STATUS_EMPTY);
  assert.deepEqual([turns.spins(0), turns.spins(1)], [false, true]);
  assert.deepEqual(turns.submit(false), [], "the one that spins will see it");
  assert.deepEqual(turns.submit(false), []);
  assert.deepEqual(
    turns.rung(() => assert.equal(turns.take(1, true), OK)),
    [0],
    "it takes one, leaves one, and wakes the next worker for that",
  );
  assert.equal(turns.spins(1), false);
  assert.deepEqual(turns.submit(false), [], "the one that was woken has not come");
  turns.end(1);
  assert.equal(turns.take(1, true), OK);
  turns.end(1);
  assert.equal(turns.take(1, true), OK);
  turns.end(1);
  assert.equal(turns.take(1, false), STATUS_EMPTY);
  assert.equal(turns.take(0, false), STATUS_EMPTY, "it comes for nothing");
  assert.equal(turns.submit(false).length, 1, "none is on its way: one is woken");
  assert.deepEqual(turns.submit(false), []);
  checkMemory(turns.scene.world);
});

test("a worker that gave up its lookout, and then finds an item, wakes the next one for what it leaves", () => {
  const turns = new Turns();
  assert.equal(turns.take(0, false), STATUS_EMPTY);
  assert.equal(turns.take(1, true), STATUS_EMPTY);
  assert.deepEqual([turns.submit(false), turns.submit(false)], [[], []]);
  assert.deepEqual(
    turns.rung(() => assert.equal(turns.take(1, false), OK)),
    [0],
  );
  checkMemory(turns.scene.world);
});

test("items that are to have a worker each: the one that spins counts for one of them", () => {
  const turns = new Turns();
  assert.equal(turns.take(0, false), STATUS_EMPTY);
  assert.equal(turns.take(1, true), STATUS_EMPTY);
  assert.deepEqual(turns.submit(true), [], "the one that spins will see it");
  assert.deepEqual(turns.submit(true), [0], "the other one is woken");
  assert.equal(turns.take(1, true), OK);
  assert.equal(turns.take(0, true), OK);
  checkMemory(turns.scene.world);
});

test("more workers than may spin: those that come last wait", () => {
  const world = new World();
  const first = world.interpreters(6);
  const queues = Array.from({ length: LANES }, () =>
    createQueue(world.view(first), 0, UNBOUND_ITEM_KEEP, true),
  );
  const workers = Array.from({ length: 6 }, (_, i) => ({
    m: world.view(first + i),
    pool: makeLanes(queues),
  }));
  const spins = ({ m, pool }: (typeof workers)[number], spin = true): boolean => {
    const status = takeWorkOrWait(m, pool, (m.me + S_EXECUTION) as Pointer, makeReceived(), spin);
    assert.equal(status, STATUS_EMPTY);
    return pool.lookout !== -1;
  };
  const spinning = workers.filter((worker) => spins(worker)).length;
  assert.equal(spinning, SPINNERS);
  assert.equal(spins(workers[5]), false);
  assert.equal(spins(workers[0], false), false, "it spins no longer");
  assert.equal(spins(workers[5]), true, "the lookout that was left is free");
  assert.equal(world.i32[queues[MIDDLE] + Q_GETTERS], 6 - spinning, "those that spin are on no list");
  checkMemory(world);
});
