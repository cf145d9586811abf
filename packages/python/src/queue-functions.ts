/** The functions of bridge.ts that are about queues. */
import { core, type HeldQueue, type OutgoingRecord, type Received } from "interpreters/core";
import type { Waits } from "./waits.js";
import { type Exchange, W_CODEC, W_STATE, W_VALUE } from "./exchange.js";

const { queues } = core;

/** Python's data had to be neutral, and is not. */
const NOT_NEUTRAL = -20;
/** The queue was made here, and Python has not bound it. */
const NEVER_BOUND = -22;
/** The answer of `q_get` for an int, which is in W_VALUE; one from 0 on is the answer itself, and this number added to it. */
const INT = 1;
const ANSWERED_INT = 2;
const MOST_ANSWERED = 1 << 30;
/** Tags of the neutral encoding (marshal.ts). */
const TAG_INT32 = 0x03;
const TAG_SMALL_INT = 0x80;

const NONE: readonly number[] = [];

export class QueueFunctions {
  readonly #exchange: Exchange;
  readonly #waits: Waits;
  readonly #received: Received = core.makeReceived();
  readonly #outgoing: OutgoingRecord;

  constructor(exchange: Exchange, waits: Waits) {
    this.#exchange = exchange;
    this.#waits = waits;
    this.#outgoing = core.makeOutgoing({ bytes: exchange.scratch.bytes, words: new Int32Array(0) });
  }

  functions(): Record<string, (...args: never[]) => unknown> {
    return {
      q_create: (maxsize: number, unbound: number) => queues.make(maxsize, unbound),
      q_bind: (id: number) => (queues.hold(id) === undefined ? core.STATUS_NOT_FOUND : core.OK),
      q_release: (id: number) => this.#release(id),
      q_release_carried: (kind: number, pointer: number, id: number) =>
        core.releaseReferences([kind, pointer, id]),
      q_destroy: (id: number) => this.#with(id, (queue) => queues.close(queue)),
      q_list: () => this.#list(),
      q_put: (id: number, codec: number, count: number, unbound: number) =>
        this.#put(id, codec, count, unbound),
      q_put_int: (id: number, value: number) => this.#putInt(id, value),
      q_get: (id: number) => this.#get(id),
      q_fetch: () => this.#exchange.fetch(),
      q_count: (id: number) => this.#ask(id, (queue) => queues.count(queue)),
      q_maxsize: (id: number) => this.#ask(id, (queue) => queues.maxsize(queue)),
      q_unbound: (id: number) => this.#ask(id, (queue) => queues.unbound(queue)),
      q_wait: (id: number, putting: boolean, timeout: number) => this.wait(id, putting, timeout),
      /** A promise, which keeps the event loop alive. */
      q_changes: (id: number, putting: boolean, timeout: number) =>
        this.#waits.for(this.#changes(id, putting, timeout)),
    };
  }

  /** The queues whose ids Python left, as references of a record. Undefined if one of them is gone. */
  held(count: number): number[] | undefined {
    const references: number[] = [];
    for (const id of this.#exchange.references(count)) {
      const queue = queues.held(id);
      if (queue === undefined) return undefined;
      references.push(core.REF_QUEUE, queue.pointer, queue.id);
    }
    return references;
  }

  /** Calls `use` with the queue, which is held meanwhile. */
  #with(id: number, use: (queue: HeldQueue) => number): number {
    // Queues with negative ids are the runtime's own.
    if (id < 0) return core.STATUS_NOT_FOUND;
    const known = queues.held(id);
    const queue = known ?? queues.hold(id);
    if (queue === undefined || !queues.isOpen(queue)) return core.STATUS_NOT_FOUND;
    try {
      return use(queue);
    } finally {
      if (known === undefined) queues.release(queue);
    }
  }

  #release(id: number): number {
    const queue = queues.held(id);
    if (queue === undefined || !queues.isOpen(queue)) return core.STATUS_NOT_FOUND;
    if (queue.count === 0) return NEVER_BOUND;
    queues.release(queue);
    return core.OK;
  }

  #ask(id: number, question: (queue: HeldQueue) => number): number {
    this.#exchange.map();
    return this.#with(id, (queue) => {
      this.#exchange.setWord(W_VALUE, question(queue));
      return core.OK;
    });
  }

  /** Leaves pairs of an id and a fate, and returns how many. */
  #list(): number {
    const exchange = this.#exchange;
    exchange.map();
    const ids = queues.ids();
    const start = exchange.dataAt;
    let at = start;
    for (const id of ids.slice(0, exchange.room >> 3)) {
      this.#with(id, (queue) => {
        exchange.words[at++] = id;
        exchange.words[at++] = queues.unbound(queue);
        return core.OK;
      });
    }
    return (at - start) / 2;
  }

  #put(id: number, codec: number, count: number, unbound: number): number {
    this.#exchange.map();
    const references = count === 0 ? NONE : this.held(count);
    if (references === undefined) return core.STATUS_NOT_FOUND;
    const record = this.#outgoing;
    if (!this.#exchange.fill(record, codec)) return NOT_NEUTRAL;
    record.references = references;
    return this.#putRecord(id, codec, unbound);
  }

  /** Of an int that is not one of 32 bits, Python makes data. */
  #putInt(id: number, value: number): number {
    // Large ones of Python are of the type bigint.
    if (typeof value !== "number" || (value | 0) !== value) return NOT_NEUTRAL;
    const out = this.#exchange.scratch.reset();
    if (value >= 0 && value < 0x80) out.byte(TAG_SMALL_INT + value);
    else {
      out.byte(TAG_INT32);
      out.int32(value);
    }
    this.#exchange.fillFromScratch(this.#outgoing);
    this.#outgoing.references = NONE;
    return this.#putRecord(id, core.CODEC_NEUTRAL, -1);
  }

  #putRecord(id: number, codec: number, unbound: number): number {
    const queue = queues.held(id);
    if (queue === undefined) return this.#with(id, () => this.#putRecord(id, codec, unbound));
    const fate = unbound < 0 ? queues.unbound(queue) : unbound;
    const record = this.#outgoing;
    record.flags = (codec << core.RECORD_CODEC_SHIFT) | (fate << core.RECORD_UNBOUND_SHIFT);
    return queues.putRecord(queue, record);
  }

  #get(id: number): number {
    const queue = queues.held(id);
    if (queue === undefined) return this.#with(id, () => this.#get(id));
    const exchange = this.#exchange;
    exchange.map();
    const received = this.#received;
    const status = queues.takeRecord(queue, received);
    if (status !== core.OK) return status;
    exchange.setWord(W_STATE, received.state);
    exchange.setWord(W_CODEC, received.codec);
    if (received.state !== core.RECORD_LIVE) return core.OK;
    const { references, start, length, codec } = received;
    let { bytes } = received;
    let at = start;
    if (received.blob !== 0) {
      const space = core.spaceOf(Buffer.allocUnsafeSlow((length + 7) & ~7));
      queues.unload(received, space, 0);
      bytes = space.bytes;
      at = 0;
    } else if (references === 0 && codec === core.CODEC_NEUTRAL) {
      if (length === 1 && bytes[at] >= TAG_SMALL_INT) return bytes[at] - TAG_SMALL_INT + ANSWERED_INT;
      if (length === 5 && bytes[at] === TAG_INT32) {
        const value = bytes.readInt32LE(at + 1);
        if (value >= 0 && value <= MOST_ANSWERED) return value + ANSWERED_INT;
        exchange.setWord(W_VALUE, value);
        return INT;
      }
    }
    const triples: number[] = [];
    for (let i = 0; i < references * 3; i++) triples.push(bytes.readInt32LE(at + i * 4));
    const body = bytes.subarray(at + references * 12, at + length);
    return exchange.deliver(new core.EncodedValue(codec, body, triples));
  }

  /** Blocks until the queue may have an item (room, if `putting`), ends, the time is over, or `ended` returns true. */
  wait(id: number, putting: boolean, timeout: number, ended?: () => boolean): number {
    const limit = timeout < 0 ? Infinity : timeout;
    return this.#with(id, (queue) =>
      putting ? queues.waitForRoom(queue, limit, ended) : queues.waitForRecord(queue, limit, ended),
    );
  }

  async #changes(id: number, putting: boolean, timeout: number): Promise<number> {
    const queue = queues.hold(id);
    if (queue === undefined) return core.STATUS_NOT_FOUND;
    try {
      const limit = timeout < 0 ? Infinity : timeout;
      return await (putting ? queues.roomComes(queue, limit) : queues.recordComes(queue, limit));
    } finally {
      queues.release(queue);
    }
  }
}
