/** The work of threads on the model of processors (processors.ts): queues and a pool as the classes above the kernel use them. */
import assert from "node:assert/strict";
import { LANES, makeLanes } from "../../src/kernel/lanes.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import type { OutgoingRecord } from "../../src/kernel/outgoing.js";
import { makeReceived, makeReceivedMany, type Received, wordAt } from "../../src/kernel/receive.js";
import { setBit } from "../../src/memory/bitset.js";
import { allocatePages as allocate } from "../../src/memory/page-allocator.js";
import type { InterpreterId, Owner, Pointer, Slot } from "../../src/memory/brands.js";
import {
  OK,
  PAGE_WORDS,
  Q_HOLDERS,
  S_EXECUTION,
  S_ID,
  S_REPLIES,
  STATUS_EMPTY,
  UNBOUND_ITEM_KEEP,
} from "../../src/memory/layout.js";
import { acquire, add, load, readBytes, readWords, store, type Steps, writeWords } from "./atomics.js";
import { freePages, lanes, mailbox, observe, park, queues, records, runs } from "./modules.js";
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

/** The costs of a pool's task besides shared memory: nanoseconds of JavaScript, and bytes of its argument and of its result. */
interface Task {
  readonly submit: number;
  readonly settle: number;
  readonly execute: number;
  readonly bytes: number;
}

const PLAIN_TASK: Task = { submit: 400, settle: 300, execute: 300, bytes: 24 };

/**
 * Measured with one worker on two cores of an AMD EPYC, as the processor time of either thread for each item, in a map over items of 10 µs, and for each task that takes
 * 200 rows of a database and returns them (bench/scale/tasks.ts).
 */
const MAP_ITEM = { submit: 500, settle: 530, execute: 400 };
const ROWS_TASK: Task = { submit: 27_000, settle: 27_000, execute: 53_000, bytes: 4326 };
/** The most items of a call batch with `chunksize: "auto"` (futures/chunks.ts). */
const CHUNK = 128;

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

/**
 * As `puttersAndGetters` on one queue, with what no first-in-first-out queue of many putters and getters does without: one atomic addition to the index of its side, and the
 * item, in a cache line of its own. No lock, no list of waiters, no bytes of another size, and a thread that dies with an index stops all others. (After
 * D. Vyukov's bounded queue.) It is a limit to compare with.
 */
export function idealRing(count: number, items: number): Run {
  const SIZE = 1024;
  const LINE = 16;
  const stage = new Stage(2 * count);
  const m0 = stage.world.view(stage.slots[0]);
  const ring = allocate(m0, Math.ceil(((SIZE + 2) * LINE) / PAGE_WORDS), (stage.slots[0] + 1) as Owner);
  assert.notEqual(ring, 0);
  for (let i = 0; i < (SIZE + 2) * LINE; i++) m0.i32[ring + i] = 0;
  const [tail, head, cells] = [ring, ring + LINE, ring + 2 * LINE];
  /** Takes the next index, and waits until its cell has been put or taken often enough. Returns the cell. */
  const next = function* (m: ModelMemory, index: number, gets: number): Steps<number> {
    const i = yield* add(m, index, 1);
    const cell = cells + (i % SIZE) * LINE;
    while ((yield* acquire(m, cell)) !== 2 * Math.floor(i / SIZE) + gets) yield* compute(m, POLL);
    return cell;
  };
  const words = new Int32Array(LINE);
  const threads = Array.from({ length: count }, (_, i): Thread[] => [
    {
      name: `P${i}`,
      slot: stage.slots[2 * i],
      *body(m) {
        for (let n = 0; n < items; n++) {
          yield* compute(m, PUT);
          const cell = yield* next(m, tail, 0);
          yield* writeWords(m, cell + 1, words, 1, LINE - 1);
          yield* store(m, cell, (yield* load(m, cell)) + 1);
        }
      },
    },
    {
      name: `G${i}`,
      slot: stage.slots[2 * i + 1],
      *body(m) {
        for (let n = 0; n < items; n++) {
          yield* compute(m, GET);
          const cell = yield* next(m, head, 1);
          yield* readWords(m, cell + 1, new Int32Array(LINE), 1, LINE - 1);
          yield* store(m, cell, (yield* load(m, cell)) + 1);
        }
      },
    },
  ]);
  return stage.run(threads.flat(), items * count);
}

/** A pool of `count` workers, to which one thread submits `tasks` tasks of `length` nanoseconds, `inFlight` at a time. */
export function pool(
  count: number,
  tasks: number,
  length: number,
  inFlight: number,
  task: Task = PLAIN_TASK,
): Run {
  const stage = new Stage(count + 1);
  const { slots } = stage;
  const submitter = slots[count];
  const pointers = Array.from({ length: LANES }, () => stage.queue(true));
  const lane = LANES >> 1;
  const content = Buffer.alloc(task.bytes);
  const submit = function* (m: ModelMemory, last: boolean): Steps<void> {
    const outgoing = yield* packed(m, last ? piece(-1) : content);
    // The last items, one for each worker, wake all.
    assert.equal(yield* queues.put(m, pointers[lane], false, outgoing, last), OK);
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
          yield* compute(m, task.submit);
          yield* submit(m, false);
        }
        const seen = yield* observe(m);
        const came = yield* mailbox.takeReplies(m, replies);
        settled += came;
        for (const reply of replies.records.slice(0, came)) yield* unpack(m, reply);
        yield* compute(m, task.settle * came);
        if (came === 0 && !(yield* spin(m, seen))) yield* park(m, seen, Infinity);
      }
      for (let i = 0; i < count; i++) yield* submit(m, true);
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
          const last = into.blob === 0 && wordAt(into, 0) === -1;
          yield* unpack(m, into);
          yield* compute(m, task.execute + length);
          yield* runs.finishWork(m, execution);
          if (!last) {
            const reply = yield* packed(m, content);
            yield* mailbox.send(m, submitter, S_REPLIES, mainId, reply);
          }
          yield* runs.endWork(m, execution);
          if (last) return;
        }
      }
    },
  }));
  return stage.run([...workers, main], tasks);
}

/** A `map` with call batches over `items` items of `length` nanoseconds, four batches on their way for each worker. Rates and moves are those of items. */
export function map(count: number, items: number, length: number): Run {
  const { submit, settle, execute } = MAP_ITEM;
  const batch: Task = {
    submit: PLAIN_TASK.submit + CHUNK * submit,
    settle: PLAIN_TASK.settle + CHUNK * settle,
    execute: PLAIN_TASK.execute + CHUNK * execute,
    bytes: 5 * CHUNK,
  };
  const run = pool(count, items / CHUNK, CHUNK * length, 4 * count, batch);
  return { ...run, rate: run.rate * CHUNK, moves: run.moves / CHUNK };
}

/** `tasks` tasks that take 200 rows of a database and return them, four on their way for each worker. */
export function rows(count: number, tasks: number): Run {
  return pool(count, tasks, 0, 4 * count, ROWS_TASK);
}

/** A record with `content`, in pages of its own if it is large. */
function* packed(m: ModelMemory, content: Buffer): Steps<OutgoingRecord> {
  const outgoing = record(KEEP, idOf(m), content);
  if (records.needsBlob(content.length)) {
    outgoing.blob = (yield* records.makeBlob(m, outgoing)) as Pointer;
    assert.notEqual(outgoing.blob, 0);
  }
  return outgoing;
}

/** Reads a large payload where it lies, as decoding does, and frees its pages. */
function* unpack(m: ModelMemory, { blob, length }: Received): Steps<void> {
  if (blob === 0) return;
  yield* readBytes(m, blob, 0, Buffer.allocUnsafe(length), 0, length);
  yield* freePages(m, blob);
}

function* spin(m: ModelMemory, seen: number): Steps<boolean> {
  for (let i = 0; i < POLLS; i++) {
    if ((yield* observe(m)) !== seen) return true;
    yield* compute(m, POLL);
  }
  return false;
}
