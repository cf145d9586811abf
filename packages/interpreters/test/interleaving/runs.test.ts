/** Several executions in one interpreter under every schedule: whenever it dies, they name what it had begun and not ended. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LANES, makeLanes } from "../../src/kernel/lanes.js";
import type { Pointer } from "../../src/memory/brands.js";
import {
  H_PROTOCOL,
  OK,
  PAGE_WORDS,
  PROTOCOL,
  RECORD_HEADER,
  RECORD_REMOVED,
  EXECUTION_CONDEMNED,
  EXECUTION_IDLE,
  EXECUTION_NUMBER_SHIFT,
  EXECUTION_RUNNING,
  EXECUTION_SEQ,
  EXECUTION_STATE,
  EXECUTION_WORDS,
  S_ID,
  S_EXECUTION,
  S_FURTHER_COUNT,
  S_FURTHER_EXECUTIONS,
  S_TAKING,
  SUPERVISOR_SLOT,
  UNBOUND_ITEM_KEEP,
} from "../../src/memory/layout.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { put } from "../../src/kernel/queues.js";
import { makeReceived, wordAt } from "../../src/kernel/receive.js";
import type { Steps } from "./atomics.js";
import * as atomics from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory, recordsOf, stateOf } from "./invariants.js";
import { allocatePages, reap, lanes, repairLocks, runs } from "./modules.js";
import { KEEP, piece, record } from "./pieces.js";
import type { Thread } from "./scheduler.js";
import { type ModelMemory, slotPointer, World } from "./world.js";

const FURTHER = 2;

/** A pool's queue with work items 1 and 2, and a worker that serves it, two at a time. */
class Scene {
  readonly world = new World();
  readonly slots: readonly [number, number];
  readonly id: number;
  readonly q: Pointer;
  /** The items whose results the worker has sent, and those that it has ended. */
  finished: number[] = [];
  ended: number[] = [];

  constructor() {
    const first = this.world.interpreters(2);
    this.slots = [first, first + 1];
    this.id = this.world.i32[slotPointer(first) + S_ID];
    const m = this.world.view(0);
    this.q = createQueue(m, 0, UNBOUND_ITEM_KEEP, true);
    for (const n of [1, 2]) assert.equal(put(m, this.q, false, record(KEEP, this.id, piece(n))), OK);
    this.world.remember();
  }

  /** As a pool's worker does: begins both, each parked in the execution that it was taken into, and ends the second one first. */
  *work(m: ModelMemory): Steps<void> {
    [this.finished, this.ended] = [[], []];
    const into = makeReceived();
    const pool = makeLanes(Array.from({ length: LANES }, () => this.q));
    const further = yield* runs.openExecutions(m, FURTHER);
    const free = [m.me + S_EXECUTION, further, further + EXECUTION_WORDS];
    const parked: [run: number, sequence: number][] = [];
    for (let i = 0; i < 2; i++) {
      const run = free[i];
      if ((yield* lanes.takeWorkOrWait(m, pool, run, into)) !== OK) break;
      parked.push([run, wordAt(into, 0)]);
      yield* atomics.store(m, m.me + S_TAKING, free[i + 1]);
    }
    for (const [run, sequence] of parked.reverse()) {
      if (!(yield* runs.finishWork(m, run))) continue;
      this.finished.push(sequence);
      yield* runs.endWork(m, run);
      this.ended.push(sequence);
    }
  }

  /** The items that the executions name. Call it before the pages are freed. */
  *named(m: ModelMemory): Steps<number[]> {
    yield* repairLocks(m, this.slots[1]);
    const named: number[] = [];
    const { i32 } = this.world;
    for (let i = 0; ; i++) {
      const run = yield* runs.executionAt(m, this.slots[1], i);
      if (run === 0) return named;
      if ((i32[run] & EXECUTION_STATE) !== EXECUTION_IDLE) named.push(i32[run + EXECUTION_SEQ]);
    }
  }

  /** Checks that each item is in one place: in line, in an execution of the dead, or done. */
  checkFates(named: readonly number[]): void {
    const waiting = this.waiting();
    for (const n of [1, 2]) {
      // An item whose result was sent may still be named: its caller has the result by then.
      const done = this.ended.includes(n) || (this.finished.includes(n) && !named.includes(n));
      const fates = [waiting.includes(n), named.includes(n), done];
      assert.equal(fates.filter(Boolean).length, 1, `piece ${n}: waiting, named, done: ${fates.join()}`);
    }
  }

  waiting(): number[] {
    return recordsOf(this.world, this.q)
      .filter((r) => stateOf(this.world, r) !== RECORD_REMOVED)
      .map((r) => this.world.i32[r + RECORD_HEADER]);
  }
}

test("a worker with two pieces under way dies at any step: each is in line, named, or done", (t) => {
  const scene = new Scene();
  const { world, slots } = scene;
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: () => {
      let named: number[] = [];
      const victim: Thread = { name: "W", slot: slots[1], body: (m) => scene.work(m) };
      return {
        threads: [victim],
        victims: [victim],
        supervisor: {
          name: "supervisor",
          slot: SUPERVISOR_SLOT,
          *body(m) {
            named = yield* scene.named(m);
            yield* reap(m, slots[1]);
          },
        },
        check() {
          checkMemory(world);
          scene.checkFates(named);
        },
      };
    },
  });
});

for (const all of [false, true]) {
  test(`each of two pieces is condemned or finished, ${all ? "when all are stopped" : "whichever is stopped when"}`, (t) => {
    const scene = new Scene();
    const { world, slots, id } = scene;
    explore(t, {
      world,
      preemptions: 1,
      atAtomics: 2,
      random: 2000,
      program: () => {
        const condemned: number[] = [];
        return {
          threads: [
            { name: "W", slot: slots[1], body: (m) => scene.work(m) },
            {
              name: "supervisor",
              slot: SUPERVISOR_SLOT,
              *body(m) {
                if (all) yield* runs.closeExecutions(m, slots[1]);
                else
                  for (const n of [2, 1])
                    if ((yield* runs.condemn(m, slots[1], id, n)) !== 0) condemned.push(n);
              },
            },
          ],
          check() {
            checkMemory(world, { owned: new Map([[slots[1], 1]]) });
            const left = runsOfModel(world, slots[1]);
            for (const run of left) assert.equal(world.i32[run] & EXECUTION_STATE, EXECUTION_CONDEMNED);
            const named = left.map((run) => world.i32[run + EXECUTION_SEQ]);
            const waiting = scene.waiting();
            for (const n of [1, 2]) {
              const fates = [waiting.includes(n), named.includes(n), scene.finished.includes(n)];
              assert.equal(
                fates.filter(Boolean).length,
                1,
                `${n}: waiting, condemned, done: ${fates.join()}`,
              );
              if (!all) assert.equal(named.includes(n), condemned.includes(n));
            }
          },
        };
      },
    });
  });
}

test("a worker whose executions are closed dies at any step: each piece is in line, named, or done", (t) => {
  const scene = new Scene();
  const { world, slots } = scene;
  explore(t, {
    world,
    preemptions: 1,
    random: 3000,
    program: () => {
      let named: number[] = [];
      const victim: Thread = { name: "W", slot: slots[1], body: (m) => scene.work(m) };
      return {
        threads: [
          victim,
          // Outside this model the supervisor does this, too.
          { name: "closer", slot: slots[0], body: (m) => runs.closeExecutions(m, slots[1]) },
        ],
        victims: [victim],
        supervisor: {
          name: "supervisor",
          slot: SUPERVISOR_SLOT,
          *body(m) {
            // In the product one thread does both, so `closer` has ended when the supervisor handles the death.
            while (!world.over.has(slots[0])) yield* atomics.wait(m, H_PROTOCOL, PROTOCOL, 1);
            named = yield* scene.named(m);
            yield* reap(m, slots[1]);
          },
        },
        check() {
          checkMemory(world);
          scene.checkFates(named);
        },
      };
    },
  });
});

test("who looks for a piece while its interpreter dies finds it there, or nothing, whatever becomes of the pages", (t) => {
  const scene = new Scene();
  const { world, slots, id } = scene;
  const other = 7;
  explore(t, {
    world,
    preemptions: 1,
    random: 2000,
    program: () => {
      const victim: Thread = { name: "W", slot: slots[1], body: (m) => scene.work(m) };
      let found = 0;
      return {
        threads: [
          victim,
          {
            name: "looker",
            slot: slots[0],
            *body(m) {
              found = yield* runs.executionOf(m, slots[1], id, other);
            },
          },
        ],
        victims: [victim],
        supervisor: {
          name: "supervisor",
          slot: SUPERVISOR_SLOT,
          *body(m) {
            yield* reap(m, slots[1]);
            // Another interpreter gets the pages and writes words there that look like the wanted execution.
            const p = yield* allocatePages(m, 1, slots[0] + 1);
            for (let i = 0; i < 2 * EXECUTION_WORDS; i += EXECUTION_WORDS) {
              yield* atomics.store(m, p + i + 1, id);
              yield* atomics.store(m, p + i + 2, other);
              yield* atomics.store(m, p + i, (1 << EXECUTION_NUMBER_SHIFT) | EXECUTION_RUNNING);
            }
          },
        },
        check() {
          assert.equal(found, 0);
          checkMemory(world, { owned: new Map([[slots[0], 1]]) });
        },
      };
    },
  });
});

/** The executions of a slot that are in use. */
function runsOfModel({ i32 }: World, slot: number): number[] {
  const p = slotPointer(slot);
  const further = i32[p + S_FURTHER_EXECUTIONS];
  const all = [p + S_EXECUTION];
  for (let i = 0; further !== 0 && i < i32[p + S_FURTHER_COUNT]; i++) all.push(further + i * EXECUTION_WORDS);
  assert.ok(further % PAGE_WORDS === 0);
  return all.filter((run) => (i32[run] & EXECUTION_STATE) !== EXECUTION_IDLE);
}
