/**
 * Producers and consumers for the scenarios with queues: the blocking loops of the class `Queue`, over the transformed
 * modules, and the accounts that must balance in the end.
 */
import assert from "node:assert/strict";
import type { InterpreterId } from "../../src/memory/brands.js";
import { spaceOf } from "../../src/memory/space.js";
import {
  C_PUT,
  C_TAKEN,
  OK,
  Q_GETTERS,
  Q_PUTTERS,
  R_FLAGS,
  R_SENDER,
  RECORD_BLOB,
  RECORD_ERROR,
  RECORD_HEADER,
  RECORD_LIVE,
  RECORD_REMOVED,
  RECORD_UNBOUND,
  RECORD_UNBOUND_SHIFT,
  S_ID,
  STATUS_EMPTY,
  STATUS_FULL,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "../../src/memory/layout.js";
import { needsBlob, recordWords } from "../../src/kernel/records.js";
import { describeBatches, makeReceived, makeReceivedMany, type Received } from "../../src/kernel/receive.js";
import type { Steps } from "./atomics.js";
import { recordsOf, stateOf } from "./invariants.js";
import { observe, freePages, park, queues, records } from "./modules.js";
import { record } from "./pieces.js";
import type { Thread } from "./scheduler.js";
import { slotPointer, type ModelMemory, type World } from "./world.js";

export interface Item {
  readonly bytes: number;
  readonly unbound: number;
}

/** An item's content: it names its producer's slot and its index, and every byte of it can be checked. */
export function contentOf(slot: number, index: number, bytes: number): Buffer {
  const content = Buffer.alloc(bytes, slot * 16 + index + 1);
  content.writeInt32LE(slot * 1000 + index, 0);
  return content;
}

/** A received item: its number, or the state of one that was unbound. */
interface Got {
  readonly state: number;
  readonly value: number;
}

export class Producer {
  readonly slot: number;
  readonly items: readonly Item[];
  /** How many items it put, as far as it knows, and how many more it may have put when it dies. */
  done = 0;
  inFlight = 1;
  status = OK;

  constructor(slot: number, items: readonly Item[]) {
    this.slot = slot;
    this.items = items;
  }

  /** Puts all items, waiting for room; ends early if the queue is shut down or closed. */
  thread(name: string, q: number): Thread {
    return { name, slot: this.slot, body: (m) => this.#putAll(m, q) };
  }

  /** Continues a thread of `thread` that an exception has unwound: the item that it was putting may have been put. */
  goOn(m: ModelMemory, q: number): Steps<void> {
    return this.#putAll(m, q, this.done + 1);
  }

  /** As `thread`, but puts as many at once as fit. All items must be small. */
  threadOfMany(name: string, q: number): Thread {
    return { name, slot: this.slot, body: (m) => this.#putMany(m, q) };
  }

  *#putMany(m: ModelMemory, q: number): Steps<void> {
    const sender = m.i32[m.me + S_ID];
    const records = this.items.map(({ bytes, unbound }, index) => {
      const words = recordWords(bytes);
      const buffer = Buffer.alloc(words * 4);
      for (const [i, word] of [words, unbound << RECORD_UNBOUND_SHIFT, sender, bytes].entries()) {
        buffer.writeInt32LE(word, i * 4);
      }
      contentOf(this.slot, index, bytes).copy(buffer, RECORD_HEADER * 4);
      return buffer;
    });
    this.inFlight = records.length;
    this.status = yield* block(m, q, Q_PUTTERS, STATUS_FULL, () => this.#putSome(m, q, sender, records));
  }

  *#putSome(m: ModelMemory, q: number, sender: number, records: readonly Buffer[]): Steps<number> {
    const start = records.slice(0, this.done).reduce((sum, record) => sum + record.length, 0);
    const outgoing = {
      ...spaceOf(Buffer.from(new Uint8Array(Buffer.concat(records)).buffer)),
      sender: sender as InterpreterId,
      count: records.length,
      special: [],
      next: this.done,
      at: start / 4,
    };
    const status = yield* queues.putMany(m, q, true, outgoing);
    const put = outgoing.next - this.done;
    this.done += put;
    this.inFlight -= put;
    return this.done === records.length ? OK : status;
  }

  *#putAll(m: ModelMemory, q: number, from = 0): Steps<void> {
    const sender = m.i32[m.me + S_ID];
    for (const [index, { bytes, unbound }] of this.items.entries()) {
      if (index < from) continue;
      const item = record(unbound << RECORD_UNBOUND_SHIFT, sender, contentOf(this.slot, index, bytes));
      if (needsBlob(bytes)) item.blob = yield* records.makeBlob(m, item);
      this.status = yield* block(m, q, Q_PUTTERS, STATUS_FULL, () => queues.put(m, q, true, item));
      if (this.status !== OK) {
        if (item.blob !== 0) yield* freePages(m, item.blob);
        return;
      }
      this.done++;
    }
  }
}

export class Consumer {
  readonly slot: number;
  readonly got: Got[] = [];
  status = OK;

  constructor(slot: number) {
    this.slot = slot;
  }

  /** Takes `count` items, or fewer if the queue is shut down or closed. */
  thread(name: string, q: number, count = Infinity): Thread {
    return { name, slot: this.slot, body: (m) => this.#take(m, q, count) };
  }

  /** Tries once. If it gets an item, puts it back; otherwise sleeps once and leaves without another try, rung or not. */
  hastyThread(name: string, q: number): Thread {
    return { name, slot: this.slot, body: (m) => this.#lookOnce(m, q) };
  }

  *#lookOnce(m: ModelMemory, q: number): Steps<void> {
    const into = makeReceived();
    const seen = yield* observe(m);
    this.status = yield* queues.take(m, q, true, into);
    if (this.status === OK)
      yield* queues.put(m, q, false, record(0, into.sender, into.bytes.subarray(0, into.length)));
    else yield* park(m, seen, 1);
    yield* queues.stopWaiting(m, q, Q_GETTERS);
  }

  /** As `thread`, but takes up to two at once. All items must be small. */
  threadOfMany(name: string, q: number, count: number): Thread {
    return { name, slot: this.slot, body: (m) => this.#takeMany(m, q, count) };
  }

  *#takeMany(m: ModelMemory, q: number, count: number): Steps<void> {
    const into = makeReceivedMany(2);
    while (this.got.length < count) {
      const most = Math.min(2, count - this.got.length);
      const status = yield* block(m, q, Q_GETTERS, STATUS_EMPTY, () =>
        queues.takeMany(m, q, true, into, most),
      );
      describeBatches(into);
      for (const received of into.records.slice(0, status)) {
        this.got.push({ state: received.state, value: identify(received) });
      }
    }
  }

  *#take(m: ModelMemory, q: number, count: number): Steps<void> {
    const into = makeReceived();
    while (this.got.length < count) {
      this.status = yield* block(m, q, Q_GETTERS, STATUS_EMPTY, () => queues.take(m, q, true, into));
      if (this.status !== OK) return;
      if (into.blob !== 0) {
        Object.assign(into, spaceOf(Buffer.alloc(into.length)));
        yield* records.copyPayload(m, into.blob, into, 0, into.length);
        yield* freePages(m, into.blob);
      }
      this.got.push({ state: into.state, value: identify(into) });
    }
  }
}

/** Tries until the status is not `status`, sleeping while this interpreter is on the list, as `Queue` does. */
function* block(
  m: ModelMemory,
  q: number,
  list: typeof Q_GETTERS | typeof Q_PUTTERS,
  status: number,
  attempt: () => Steps<number>,
): Steps<number> {
  for (let enlisted = false; ;) {
    const seen = yield* observe(m);
    if (!enlisted || !(yield* queues.isWaiting(m, q, list))) {
      enlisted = true;
      const outcome = yield* attempt();
      if (outcome !== status) {
        yield* queues.stopWaiting(m, q, list);
        return outcome;
      }
    }
    yield* park(m, seen, Infinity);
  }
}

/** The number of a received item. Checks its every byte. */
function identify(received: Received): number {
  if (received.state !== RECORD_LIVE) return -1;
  const bytes = received.bytes.subarray(received.start, received.start + received.length);
  const value = bytes.readInt32LE(0);
  const content = contentOf(Math.floor(value / 1000), value % 1000, bytes.length);
  assert.ok(content.equals(bytes), "an item arrives as it was put");
  return value;
}

/** The items that a queue still holds. */
export function remaining(world: World, q: number): Got[] {
  const { i32 } = world;
  return recordsOf(world, q)
    .filter((r) => stateOf(world, r) !== RECORD_REMOVED)
    .map((r) => {
      const state = stateOf(world, r);
      const at = (i32[r + R_FLAGS] & RECORD_BLOB) !== 0 ? i32[r + RECORD_HEADER] : r + RECORD_HEADER;
      if (state === RECORD_LIVE)
        assert.equal(Math.floor(i32[at] / 1000), slotOfSender(world, i32[r + R_SENDER]));
      return { state, value: state === RECORD_LIVE ? i32[at] : -1 };
    });
}

function slotOfSender({ i32 }: World, id: number): number {
  for (let slot = 0; ; slot++) if (i32[slotPointer(slot) + S_ID] === id) return slot;
}

export interface Accounts {
  readonly q: number;
  readonly producers: readonly Producer[];
  readonly consumers: readonly Consumer[];
  /** The slot that was reaped. */
  readonly buried?: number;
  /** How many items may be missing: one if a consumer was killed. */
  readonly mayBeLost?: number;
}

/** Checks that each item had exactly one of its possible fates, and that each consumer saw each producer's items in order. */
export function settle(world: World, { q, producers, consumers, buried, mayBeLost = 0 }: Accounts): void {
  const rest = remaining(world, q);
  assert.equal(world.i32[q + C_PUT] - world.i32[q + C_TAKEN], rest.length, "the queue counts what it holds");
  let lost = 0;
  for (const { slot, items, done, inFlight } of producers) {
    const ofSlot = ({ state, value }: Got): boolean =>
      state === RECORD_LIVE && Math.floor(value / 1000) === slot;
    for (const { got } of consumers) {
      const order = [...got, ...rest].filter(ofSlot).map(({ value }) => value);
      assert.deepEqual(
        order,
        [...new Set(order)].sort((a, b) => a - b),
        "first in, first out, each at most once",
      );
    }
    const live = consumers.flatMap(({ got }) => got.filter(ofSlot));
    const left = rest.filter(ofSlot);
    assert.equal(
      new Set([...live, ...left].map(({ value }) => value)).size,
      live.length + left.length,
      "none twice",
    );
    for (const behaviour of new Set(items.map(({ unbound }) => unbound))) {
      const isOf = ({ value }: Got): boolean => items[value % 1000].unbound === behaviour;
      const among = (count: number): number =>
        items.slice(0, count).filter((i) => i.unbound === behaviour).length;
      const put = among(done);
      // It may have died when an item was in the queue and before it knew.
      const most = slot === buried ? among(done + inFlight) : put;
      let found = live.filter(isOf).length;
      const kept = left.filter(isOf).length;
      if (slot !== buried || behaviour === UNBOUND_ITEM_KEEP) found += kept;
      else assert.equal(kept, 0, "nothing live is left of the dead");
      if (slot === buried && (behaviour === UNBOUND_ITEM || behaviour === UNBOUND_ITEM_ERROR)) {
        const state = behaviour === UNBOUND_ITEM ? RECORD_UNBOUND : RECORD_ERROR;
        found += [...rest, ...consumers.flatMap(({ got }) => got)].filter((g) => g.state === state).length;
      }
      assert.ok(found <= most, `${found} items where ${most} were put with behaviour ${behaviour}`);
      // Items that are removed with their sender may be gone; all others must be found.
      const mayBeGone = slot === buried && behaviour === UNBOUND_ITEM_REMOVE;
      if (!mayBeGone) lost += Math.max(put - found, 0);
    }
  }
  assert.ok(lost <= mayBeLost, `${lost} items are lost`);
}
