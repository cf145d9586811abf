/** The work of threads on the model of processors (processors.ts): queues and a pool as the classes above the kernel use them. */
import assert from "node:assert/strict";
import { LANES, makeLanes } from "../../src/kernel/lanes.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { makeReceived, makeReceivedMany, type Received, wordAt } from "../../src/kernel/receive.js";
import { setBit } from "../../src/memory/bitset.js";
import type { InterpreterId, Pointer, Slot } from "../../src/memory/brands.js";
import {
  OK,
  Q_HOLDERS,
  S_EXECUTION,
  S_ID,
  S_REPLIES,
  STATUS_EMPTY,
  UNBOUND_ITEM_KEEP,
} from "../../src/memory/layout.js";
import type { Steps } from "./atomics.js";
import { lanes, mailbox, observe, park, queues, runs } from "./modules.js";
import { nameOf } from "./names.js";
import { KEEP, piece, record } from "./pieces.js";
import { compute, simulate, type Traffic } from "./processors.js";
import type { Thread } from "./scheduler.js";
import { type ModelMemory, World } from "./world.js";

/** 64 KiB pages of a world: enough for what is in the queues at a time. */
const WORLD = 64;

/** Nanoseconds that JavaScript takes for an operation besides what it does in shared memory. */
const PUT = 60;
const GET = 60;
const SUBMIT = 400;
const SETTLE = 300;
const EXECUTE = 300;
/** How often the submitter polls before it parks, and the nanoseconds from one poll to the next. */
const POLLS = 1000;
const POLL = 10;

/** A workload's outcome. */
export interface Run {
  /** Items for each microsecond of simulated time. */
  readonly rate: number;
  /** Cache lines that moved, for each item. */
  readonly moves: number;
  readonly traffic: Traffic;
  /** The lines that moved most. */
  describe(): string;
}

class Stage {
  readonly world = new World(WORLD);
  readonly slots: readonly Slot[];

  constructor(threads: number) {
    const first = this.world.interpreters(threads);
    this.slots = Array.from({ length: threads }, (_, i) => (first + i) as Slot);
  }

  /** A queue that all threads hold. */
  queue(hidden = false): Pointer {
    const m = this.world.view(this.slots[0]);
    const q = createQueue(m, 0, UNBOUND_ITEM_KEEP, hidden);
    assert.notEqual(q, 0);
    for (const slot of this.slots) setBit(m, q + Q_HOLDERS, slot);
    return q;
  }

  run(threads: readonly Thread[], items: number): Run {
    const { world } = this;
    world.remember();
    const traffic = simulate(world, threads);
    return {
      rate: (items / traffic.time) * 1e3,
      moves: traffic.total / items,
      traffic,
      describe: () => traffic.describe((p) => nameOf(world, p)),
    };
  }
}

const idOf = (m: ModelMemory): InterpreterId => m.i32[m.me + S_ID] as InterpreterId;

function* put(m: ModelMemory, q: Pointer, each = true): Steps<void> {
  yield* compute(m, PUT);
  const status = yield* queues.put(m, q, false, record(KEEP, idOf(m), piece(1)), each);
  assert.equal(status, OK);
}

/** As `getSync`: tries, looks for a moment, and sleeps. */
function* get(m: ModelMemory, q: Pointer, into: Received): Steps<void> {
  for (;;) {
    yield* compute(m, GET);
    const seen = yield* observe(m);
    if ((yield* queues.take(m, q, false, into)) === OK) return;
    if (yield* queues.lookForRecord(m, q)) continue;
    if ((yield* queues.take(m, q, true, into)) === OK) return;
    yield* park(m, seen, Infinity);
  }
}

/** `count` interpreters, each of which puts `items` numbers on a queue of its own and gets them. */
export function ownQueues(count: number, items: number): Run {
  const stage = new Stage(count);
  const threads = stage.slots.map((slot): Thread => {
    const q = stage.queue();
    return {
      name: `T${slot}`,
      slot,
      *body(m) {
        const into = makeReceived();
        for (let i = 0; i < items; i++) {
          yield* put(m, q);
          yield* get(m, q, into);
        }
      },
    };
  });
  return stage.run(threads, items * count);
}

/** `count` putters and as many getters of `items` numbers each: in pairs, each with a queue of its own, or all on one queue. */
export function puttersAndGetters(count: number, items: number, pairs: boolean): Run {
  const stage = new Stage(2 * count);
  const shared = stage.queue();
  const threads = Array.from({ length: count }, (_, i): Thread[] => {
    const q = pairs ? stage.queue() : shared;
    return [
      {
        name: `P${i}`,
        slot: stage.slots[2 * i],
        *body(m) {
          for (let n = 0; n < items; n++) yield* put(m, q);
        },
      },
      {
        name: `G${i}`,
        slot: stage.slots[2 * i + 1],
        *body(m) {
          const into = makeReceived();
          for (let n = 0; n < items; n++) yield* get(m, q, into);
        },
      },
    ];
  });
  return stage.run(threads.flat(), items * count);
}

/** A pool of `count` workers, to which one thread submits `tasks` tasks of `length` nanoseconds, `inFlight` at a time. */
export function pool(count: number, tasks: number, length: number, inFlight: number): Run {
  const stage = new Stage(count + 1);
  const { slots } = stage;
  const submitter = slots[count];
  const pointers = Array.from({ length: LANES }, () => stage.queue(true));
  const lane = LANES >> 1;
  const submit = function* (m: ModelMemory, sequence: number, each: boolean): Steps<void> {
    const outgoing = record(KEEP, idOf(m), piece(sequence));
    assert.equal(yield* queues.put(m, pointers[lane], false, outgoing, each), OK);
  };
  const main: Thread = {
    name: "main",
    slot: submitter,
    *body(m) {
      const replies = makeReceivedMany(64);
      let sent = 0;
      let settled = 0;
      while (settled < tasks) {
        for (; sent < tasks && sent - settled < inFlight; sent++) {
          yield* compute(m, SUBMIT);
          yield* submit(m, sent, false);
        }
        const seen = yield* observe(m);
        const came = yield* mailbox.takeReplies(m, replies);
        settled += came;
        yield* compute(m, SETTLE * came);
        if (came === 0 && !(yield* spin(m, seen))) yield* park(m, seen, Infinity);
      }
      for (let i = 0; i < count; i++) yield* submit(m, -1, true);
    },
  };
  const mainId = stage.world.i32[stage.world.view(submitter).me + S_ID];
  const workers = slots.slice(0, count).map((slot): Thread => ({
    name: `W${slot}`,
    slot,
    *body(m) {
      const execution = m.me + S_EXECUTION;
      const into = makeReceived();
      const mine = makeLanes(pointers);
      for (let spun = false; ;) {
        const seen = yield* observe(m);
        const status = yield* lanes.takeWorkOrWait(m, mine, execution, into, !spun);
        if (status === STATUS_EMPTY && mine.lookout !== -1) {
          spun = (yield* lanes.pollForWork(m, mine, seen, POLLS)) === -1;
        } else if (status === STATUS_EMPTY) {
          yield* park(m, seen, Infinity);
          spun = false;
        } else {
          spun = false;
          const last = wordAt(into, 0) === -1;
          yield* compute(m, EXECUTE + length);
          yield* runs.finishWork(m, execution);
          if (!last) yield* mailbox.send(m, submitter, S_REPLIES, mainId, record(KEEP, idOf(m), piece(1)));
          yield* runs.endWork(m, execution);
          if (last) return;
        }
      }
    },
  }));
  return stage.run([...workers, main], tasks);
}

function* spin(m: ModelMemory, seen: number): Steps<boolean> {
  for (let i = 0; i < POLLS; i++) {
    if ((yield* observe(m)) !== seen) return true;
    yield* compute(m, POLL);
  }
  return false;
}
