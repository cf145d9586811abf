/** Mailboxes under every schedule: a work item has one fate, and the worker's execution names it truly if the worker dies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InterpreterId, Pointer, Slot } from "../../src/memory/brands.js";
import {
  C_FLAGS,
  C_HEAD,
  CHANNEL_SHUT,
  OK,
  R_SENDER,
  RECORD_HEADER,
  RECORD_REMOVED,
  EXECUTION_CALLER,
  EXECUTION_IDLE,
  EXECUTION_SEQ,
  EXECUTION_RUNNING,
  EXECUTION_STATE,
  S_ID,
  S_REPLIES,
  S_DORMANT,
  S_EXECUTION,
  S_WORK,
  STATUS_BUSY,
  STATUS_EMPTY,
  STATUS_SHUT,
  SUPERVISOR_SLOT,
  UNBOUND_ITEM_KEEP,
} from "../../src/memory/layout.js";
import { send as sendAtOnce } from "../../src/kernel/mailbox.js";
import { LANES, makeLanes } from "../../src/kernel/lanes.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { put } from "../../src/kernel/queues.js";
import { makeReceived, makeReceivedMany, wordAt } from "../../src/kernel/receive.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory, recordsOf, stateOf } from "./invariants.js";
import { observe, reap, lanes, mailbox, runs, park } from "./modules.js";
import { KEEP, piece, record } from "./pieces.js";
import type { Thread } from "./scheduler.js";
import { type ModelMemory, slotPointer, World } from "./world.js";

const LAST = 99;

class Scene {
  readonly world = new World();
  readonly slots: readonly [number, number, number];
  readonly ids: readonly [number, number, number];

  constructor() {
    const first = this.world.interpreters(3);
    this.slots = [first, first + 1, first + 2];
    this.ids = [this.id(first), this.id(first + 1), this.id(first + 2)];
    this.world.remember();
  }

  id(slot: number): number {
    return this.world.i32[slotPointer(slot) + S_ID];
  }

  /** The work items in a channel that can still be taken. */
  waiting(c: number): number[] {
    return recordsOf(this.world, c)
      .filter((r) => stateOf(this.world, r) !== RECORD_REMOVED)
      .map((r) => this.world.i32[r + RECORD_HEADER]);
  }
}

/** Executes work items from its mailbox, or from a pool's queue, until the last one, or until it is condemned. */
class Worker {
  readonly executed: number[] = [];
  /** The items whose result counts. */
  readonly finished: number[] = [];
  ended = 0;
  condemned = false;

  /** It takes up to `count` items, and none after the one numbered `last`. */
  thread(name: string, slot: number, count: number, pool = 0, last = LAST): Thread {
    return { name, slot, body: (m) => this.#work(m, count, pool, last) };
  }

  *#work(m: ModelMemory, count: number, pool: number, last: number): Steps<void> {
    const into = makeReceived();
    // All lanes are one queue: a pool without priorities, except that its other lanes would be empty.
    const pools = makeLanes(Array.from({ length: LANES }, () => pool as Pointer));
    while (this.executed.length < count) {
      const seen = yield* observe(m);
      const status =
        pool === 0
          ? yield* mailbox.takeWork(m, m.me + S_EXECUTION, into)
          : yield* lanes.takeWorkOrWait(m, pools, m.me + S_EXECUTION, into);
      if (status === STATUS_EMPTY) {
        yield* park(m, seen, Infinity);
        continue;
      }
      assert.equal(status, OK);
      const sequence = wordAt(into, 0);
      this.executed.push(sequence);
      if (!(yield* runs.finishWork(m, m.me + S_EXECUTION))) {
        this.condemned = true;
        return;
      }
      this.finished.push(sequence);
      yield* runs.endWork(m, m.me + S_EXECUTION);
      this.ended++;
      if (sequence === last) return;
    }
  }
}

function* sendPiece(m: ModelMemory, slot: number, id: number, sequence: number): Steps<number> {
  const sender = m.i32[m.me + S_ID];
  return yield* mailbox.send(m, slot, S_WORK, id, record(KEEP, sender, piece(sequence)));
}

test("two senders and a worker: each piece is executed once, in its sender's order", (t) => {
  const scene = new Scene();
  const { world, slots, ids } = scene;
  explore(t, {
    world,
    preemptions: 1,
    random: 2000,
    program: () => {
      const worker = new Worker();
      const sender = (name: string, slot: number, sequences: readonly number[]): Thread => ({
        name,
        slot,
        *body(m) {
          for (const n of sequences) assert.equal(yield* sendPiece(m, slots[2], ids[2], n), OK);
        },
      });
      return {
        threads: [
          sender("S1", slots[0], [1, 2]),
          sender("S2", slots[1], [11]),
          worker.thread("W", slots[2], 3),
        ],
        check() {
          checkMemory(world);
          assert.deepEqual(
            [...worker.finished].sort((a, b) => a - b),
            [1, 2, 11],
          );
          assert.deepEqual(
            worker.finished.filter((n) => n < 10),
            [1, 2],
          );
        },
      };
    },
  });
});

test("a piece that is stopped is taken back, condemned, or finished: exactly one of them", (t) => {
  const scene = new Scene();
  const { world, slots, ids } = scene;
  explore(t, {
    world,
    preemptions: 2,
    atAtomics: 3,
    random: 2000,
    program: () => {
      const worker = new Worker();
      const outcome = { cancelled: false, condemned: false };
      return {
        threads: [
          {
            name: "S",
            slot: slots[0],
            *body(m) {
              yield* sendPiece(m, slots[2], ids[2], 1);
              outcome.cancelled = yield* mailbox.cancelWork(m, slots[2], ids[2], ids[0], 1, m.lastPut);
              if (!outcome.cancelled) outcome.condemned = (yield* runs.condemn(m, slots[2], ids[0], 1)) !== 0;
              if (!outcome.condemned) yield* sendPiece(m, slots[2], ids[2], 2);
            },
          },
          // The second item, if any, is its last: a condemned worker gets no further.
          worker.thread("W", slots[2], Infinity, 0, 2),
        ],
        check() {
          checkMemory(world);
          const fates = [outcome.cancelled, outcome.condemned, worker.finished.includes(1)];
          assert.equal(fates.filter(Boolean).length, 1, `cancelled, condemned, finished: ${fates.join()}`);
          assert.equal(worker.condemned, outcome.condemned);
          assert.equal(worker.executed.includes(1), !outcome.cancelled);
        },
      };
    },
  });
});

test("a worker dies at any step: its execution then names the piece that it had taken and not ended, or nothing", (t) => {
  const scene = new Scene();
  const { world, slots, ids } = scene;
  const lane = slotPointer(slots[2]) + S_WORK;
  const view = world.view(slots[0]);
  // One more than it takes, so that the mailbox is never empty and its segment never rewound.
  for (const n of [1, 2, 3]) {
    assert.equal(
      sendAtOnce(view, slots[2] as Slot, S_WORK, ids[2] as InterpreterId, record(KEEP, ids[0], piece(n))),
      OK,
    );
  }
  world.remember();
  const pointers = recordsOf(world, lane);
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: () => {
      const worker = new Worker();
      const victim = worker.thread("W", slots[2], 2);
      let taken: number[] = [];
      return {
        threads: [
          {
            name: "S",
            slot: slots[1],
            *body(m) {
              yield* sendPiece(m, slots[2], ids[2], 4);
            },
          },
          victim,
        ],
        victims: [victim],
        supervisor: {
          name: "supervisor",
          slot: SUPERVISOR_SLOT,
          *body(m) {
            taken = [1, 2].filter((n) => m.i32[lane + C_HEAD] > pointers[n - 1]);
            yield* reap(m, slots[2]);
          },
        },
        check() {
          checkMemory(world);
          const p = slotPointer(slots[2]);
          const running = (world.i32[p + S_EXECUTION] & EXECUTION_STATE) !== EXECUTION_IDLE;
          assert.equal(running, taken.length > worker.ended, `${taken.length} taken, ${worker.ended} ended`);
          if (running) {
            assert.equal(world.i32[p + S_EXECUTION + EXECUTION_CALLER], ids[0]);
            assert.equal(world.i32[p + S_EXECUTION + EXECUTION_SEQ], taken.at(-1));
          }
        },
      };
    },
  });
});

test("a worker of a pool dies at any step, condemned or not: no piece is lost, none is begun twice", (t) => {
  const scene = new Scene();
  const { world, slots, ids } = scene;
  const m0 = world.view(0);
  const q = createQueue(m0, 0, UNBOUND_ITEM_KEEP, true);
  for (const n of [1, 2]) assert.equal(put(m0, q, false, record(KEEP, ids[0], piece(n))), OK);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    random: 4000,
    program: () => {
      const workers = [new Worker(), new Worker()];
      const victim = workers[0].thread("W1", slots[1], 1, q);
      let condemned = false;
      return {
        threads: [
          victim,
          workers[1].thread("W2", slots[2], 1, q),
          {
            name: "stopper",
            slot: slots[0],
            *body(m) {
              condemned = (yield* runs.condemn(m, slots[1], ids[0], 1)) !== 0;
            },
          },
        ],
        victims: [victim],
        supervisor: { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, slots[1]) },
        check(dead) {
          checkMemory(world);
          const p = slotPointer(slots[1]);
          const { i32 } = world;
          const running =
            (i32[p + S_EXECUTION] & EXECUTION_STATE) !== EXECUTION_IDLE
              ? i32[p + S_EXECUTION + EXECUTION_SEQ]
              : 0;
          const waiting = scene.waiting(q);
          for (const n of [1, 2]) {
            const fates = [
              waiting.includes(n),
              workers[1].finished.includes(n),
              workers[0].finished.includes(n) && (dead.length === 0 || running !== n),
              running === n,
            ];
            assert.equal(
              fates.filter(Boolean).length,
              1,
              `piece ${n}: waiting, done by W2, by W1, died with W1: ${fates.join()}`,
            );
          }
          // The supervisor has promised the sender that it will not finish.
          if (condemned) assert.equal(running, 1, "a condemned piece went with its worker");
        },
      };
    },
  });
});

test("work that races with the last record is executed before it, or refused", (t) => {
  const scene = new Scene();
  const { world, slots, ids } = scene;
  for (const wait of [true, false]) {
    explore(t, {
      world,
      preemptions: 1,
      random: 2000,
      program: () => {
        const worker = new Worker();
        let sent: number = OK;
        let closed: number = OK;
        return {
          threads: [
            {
              name: "S",
              slot: slots[0],
              *body(m) {
                sent = yield* sendPiece(m, slots[2], ids[2], 1);
              },
            },
            {
              name: "closer",
              slot: slots[1],
              *body(m) {
                const last = record(KEEP, ids[1], piece(LAST));
                const close = (patient: boolean): Steps<number> =>
                  mailbox.sendLast(m, slots[2], ids[2], patient, last);
                closed = yield* close(wait);
                if (closed === OK && !wait) {
                  const execution = slotPointer(slots[2]) + S_EXECUTION;
                  const executing = (world.i32[execution] & EXECUTION_STATE) === EXECUTION_RUNNING;
                  const which = world.i32[execution + EXECUTION_SEQ];
                  assert.ok(!executing || which === LAST, "it is idle when it is refused further work");
                }
                if (closed === STATUS_BUSY) assert.equal(yield* close(true), OK);
              },
            },
            worker.thread("W", slots[2], Infinity),
          ],
          check() {
            checkMemory(world);
            assert.ok(closed === OK || (closed === STATUS_BUSY && !wait && sent === OK));
            assert.ok(sent === OK || sent === STATUS_SHUT);
            assert.deepEqual(worker.finished, sent === OK ? [1, LAST] : [LAST]);
            assert.notEqual(world.i32[slotPointer(slots[2]) + S_WORK + C_FLAGS] & CHANNEL_SHUT, 0);
          },
        };
      },
    });
  }
});

test("an interpreter that claims its work item counts as busy at every step", (t) => {
  const scene = new Scene();
  const { world, slots, ids } = scene;
  assert.equal(
    sendAtOnce(
      world.view(slots[0]),
      slots[2] as Slot,
      S_WORK,
      ids[2] as InterpreterId,
      record(KEEP, ids[0], piece(1)),
    ),
    OK,
  );
  world.remember();
  explore(t, {
    world,
    // One to the worker between two reads of the closer, and one back before the item is done.
    preemptions: 2,
    random: 500,
    program: () => {
      const worker = new Worker();
      let closed: number = OK;
      return {
        threads: [
          {
            name: "closer",
            slot: slots[1],
            *body(m) {
              const last = record(KEEP, ids[1], piece(LAST));
              closed = yield* mailbox.sendLast(m, slots[2], ids[2], false, last);
              if (closed === OK) assert.ok(worker.finished.includes(1), "it was idle");
              else assert.equal(yield* mailbox.sendLast(m, slots[2], ids[2], true, last), OK);
            },
          },
          worker.thread("W", slots[2], Infinity),
        ],
        check() {
          checkMemory(world);
          assert.ok(closed === OK || closed === STATUS_BUSY);
          assert.deepEqual(worker.finished, [1, LAST]);
        },
      };
    },
  });
});

test("who sends the last record dies at any step: the mailbox is not shut without it", (t) => {
  const scene = new Scene();
  const { world, slots, ids } = scene;
  const lane = slotPointer(slots[2]) + S_WORK;
  explore(t, {
    world,
    preemptions: 0,
    atAtomics: 1,
    random: 1500,
    program: () => {
      const last = record(KEEP, ids[1], piece(LAST));
      const victim: Thread = {
        name: "closer",
        slot: slots[1],
        *body(m) {
          yield* mailbox.sendLast(m, slots[2], ids[2], false, last);
        },
      };
      let sent: number = OK;
      return {
        threads: [
          {
            name: "S",
            slot: slots[0],
            *body(m) {
              sent = yield* sendPiece(m, slots[2], ids[2], 1);
            },
          },
          victim,
        ],
        victims: [victim],
        supervisor: { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, slots[1]) },
        check() {
          checkMemory(world);
          const waiting = scene.waiting(lane);
          const shut = (world.i32[lane + C_FLAGS] & CHANNEL_SHUT) !== 0;
          if (shut) assert.ok(waiting.includes(LAST), "shut, and nothing in it ends the interpreter");
          if (sent === STATUS_SHUT) assert.ok(shut);
          assert.equal(waiting.includes(1), sent === OK);
        },
      };
    },
  });
});

for (const more of [false, true]) {
  const title = more ? "what others send later is executed" : "what it sent is executed";
  test(`a sender dies at any step of sending to an interpreter that deaths need not wake: ${title}`, (t) => {
    const scene = new Scene();
    const { world, slots, ids } = scene;
    const dormant = slotPointer(slots[2]);
    world.i32[dormant + S_DORMANT] = 1;
    world.remember();
    explore(t, {
      world,
      preemptions: 0,
      atAtomics: 1,
      random: 1000,
      program: () => {
        const worker = new Worker();
        const victim: Thread = {
          name: "S",
          slot: slots[0],
          *body(m) {
            assert.equal(yield* sendPiece(m, slots[2], ids[2], more ? 1 : LAST), OK);
          },
        };
        return {
          threads: [worker.thread("W", slots[2], Infinity), victim],
          victims: [victim],
          supervisor: {
            name: "supervisor",
            slot: SUPERVISOR_SLOT,
            *body(m) {
              yield* reap(m, slots[0]);
              const sent = worker.executed.length > 0 || scene.waiting(dormant + S_WORK).length > 0;
              if (more || !sent) assert.equal(yield* sendPiece(m, slots[2], ids[2], LAST), OK);
            },
          },
          check() {
            checkMemory(world);
            assert.equal(worker.executed.at(-1), LAST);
          },
        };
      },
    });
  });
}

test("answers: whoever dies while sending one, the others arrive", (t) => {
  const scene = new Scene();
  const { world, slots, ids } = scene;
  explore(t, {
    world,
    preemptions: 0,
    random: 2000,
    program: () => {
      const got: number[] = [];
      const answer = (name: string, slot: number, id: number, n: number): Thread => ({
        name,
        slot,
        *body(m) {
          yield* mailbox.send(m, slots[2], S_REPLIES, ids[2], record(KEEP, id, piece(n)));
        },
      });
      const victim = answer("A1", slots[0], ids[0], 1);
      return {
        threads: [
          victim,
          answer("A2", slots[1], ids[1], 2),
          {
            name: "asker",
            slot: slots[2],
            *body(m) {
              const into = makeReceivedMany(2);
              while (!got.includes(2)) {
                const seen = yield* observe(m);
                const count = yield* mailbox.takeReplies(m, into);
                for (const reply of into.records.slice(0, count)) got.push(wordAt(reply, 0));
                if (count === 0) yield* park(m, seen, Infinity);
              }
            },
          },
        ],
        victims: [victim],
        supervisor: { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, slots[0]) },
        check() {
          checkMemory(world);
          const left = recordsOf(world, slotPointer(slots[2]) + S_REPLIES);
          assert.ok(left.every((r) => world.i32[r + R_SENDER] === ids[0]));
          assert.equal(got.filter((n) => n === 2).length, 1);
          assert.ok(got.filter((n) => n === 1).length + left.length <= 1);
        },
      };
    },
  });
});
