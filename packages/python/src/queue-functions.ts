/** The functions of bridge.ts that are about queues. */
import { core, type HeldQueue, type OutgoingRecord, type Received } from "interpreters/core";
import { type BuiltinTable, WithBytes } from "./builtins.js";
import type { Waits } from "./waits.js";
import type { Exchange, Packet } from "./exchange.js";

const { queues } = core;

/** Python's data had to be neutral, and is not. */
const NOT_NEUTRAL = -20;
/** The queue was made here, and Python has not bound it. */
const NEVER_BOUND = -22;
/**
 * The offset that is added to an int that is an answer, as statuses are negative. Ints of `q_get` that are not negative are small with it. Python has the same numbers.
 */
const ANSWERED_INT = 2;
const MOST_ANSWERED = 1 << 30;
const ANSWERED = 2 ** 33;
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

  /** Those that take ints and bytes. */
  builtins(): BuiltinTable {
    return {
      q_create: (maxsize: number, unbound: number) => queues.make(maxsize, unbound),
      q_bind: (id: number) => (queues.hold(id) === undefined ? core.STATUS_NOT_FOUND : core.OK),
      q_release: (id: number) => this.#release(id),
      q_release_carried: (kind, pointer, id) => {
        core.releaseReferences([kind, pointer, id]);
        return core.OK;
      },
      q_destroy: (id: number) => this.#with(id, (queue) => queues.close(queue)),
      q_list: () => this.#list(),
      q_put: new WithBytes((id, codec, data, references, unbound) =>
        this.#put(id, codec, data, references, unbound),
      ),
      q_put_int: (id: number, value: number, unbound: number) => this.#putInt(id, value, unbound),
      q_get: (id: number) => this.#get(id),
      q_count: (id: number) => this.#ask(id, (queue) => queues.count(queue)),
      q_maxsize: (id: number) => this.#ask(id, (queue) => queues.maxsize(queue)),
      q_unbound: (id: number) => this.#ask(id, (queue) => queues.unbound(queue)),
    };
  }

  functions(): Record<string, (...args: never[]) => unknown> {
    return {
      q_wait: (id: number, putting: boolean, timeout: number) => this.wait(id, putting, timeout),
      /** A promise, which keeps the event loop alive. */
      q_changes: (id: number, putting: boolean, timeout: number) =>
        this.#waits.for(this.#changes(id, putting, timeout)),
    };
  }

  /** The queues whose ids are in the bytes at an address, as references of a record. Undefined if one of them is gone. */
  held(ids: number): readonly number[] | undefined {
    const given = this.#exchange.ids(ids);
    if (given.length === 0) return NONE;
    const references: number[] = [];
    for (const id of given) {
      const queue = queues.held(id);
      if (queue === undefined) return undefined;
      references.push(core.REF_QUEUE, queue.pointer, queue.id);
    }
    return references;
  }

  /** Calls `use` with the queue, which is held meanwhile. */
  #with<T extends number | Packet>(id: number, use: (queue: HeldQueue) => T): T | number {
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
    return this.#with(id, (queue) => question(queue) + ANSWERED);
  }

  /** Pairs of an id and a fate. */
  #list(): Packet {
    const pairs: number[] = [];
    for (const id of queues.ids()) {
      this.#with(id, (queue) => {
        pairs.push(id, queues.unbound(queue));
        return core.OK;
      });
    }
    return this.#exchange.list(pairs);
  }

  #put(id: number, codec: number, data: number, ids: number, unbound: number): number {
    const references = this.held(ids);
    if (references === undefined) return core.STATUS_NOT_FOUND;
    const record = this.#outgoing;
    if (!this.#exchange.fill(record, codec, data)) return NOT_NEUTRAL;
    record.references = references;
    return this.#putRecord(id, codec, unbound);
  }

  /** Of an int that is not one of 32 bits, Python makes data, and it checks a fate. */
  #putInt(id: number, value: number, unbound: number): number {
    if ((value | 0) !== value || unbound !== -1) return NOT_NEUTRAL;
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

  #get(id: number): number | Packet {
    const queue = queues.held(id);
    if (queue === undefined) return this.#with(id, () => this.#get(id));
    const received = this.#received;
    const status = queues.takeRecord(queue, received);
    if (status !== core.OK) return status;
    if (received.state !== core.RECORD_LIVE) return this.#exchange.remains(received.state);
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
        return value >= 0 && value <= MOST_ANSWERED ? value + ANSWERED_INT : value + ANSWERED;
      }
    }
    const triples: number[] = [];
    for (let i = 0; i < references * 3; i++) triples.push(bytes.readInt32LE(at + i * 4));
    const body = bytes.subarray(at + references * 12, at + length);
    return this.#exchange.packet(new core.EncodedValue(codec, body, triples));
  }

  /** Blocks until the queue may have an item (room, if `putting`), ends, the time is over, or `ended` returns true. */
  wait(id: number, putting: boolean, timeout: number, ended?: () => boolean): number {
    const limit = timeout < 0 ? Infinity : timeout;
    return this.#with<number>(id, (queue) =>
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
