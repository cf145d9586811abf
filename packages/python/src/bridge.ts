/**
 * The JavaScript side of python/_interpbridge.py: functions of integers over one buffer in Python's heap.
 *
 *     word 0        1         2             3                4        5              from byte 256 on
 *     codec tag     length    references    where they are   state    an answer      data, then references
 *
 * Python copies bytes there and calls; the core copies them from Python's heap into shared memory, and back. No object crosses. A record that
 * does not fit is kept until Python has made the buffer larger (TOO_BIG).
 */
import { type Core, core, type EncodedValue, type GuestOperation, type HeldQueue } from "interpreters/core";
import { InterpreterError, type Language } from "interpreters";
import { type PyodideAPI } from "./boot.js";
import { PYTHON_TAG } from "./language.js";
import { Output, toMarshal, toNeutral } from "./marshal.js";

const { queues, interpreters } = core;

const W_CODEC = 0;
const W_LENGTH = 1;
const W_REFERENCES = 2;
const W_REFERENCES_AT = 3;
const W_STATE = 4;
const W_VALUE = 5;
export const DATA = 256;

const NOT_NEUTRAL = -20;
const TOO_BIG = -21;
/** The answer of `q_get` for a small int, which is in W_VALUE. */
const SMALL_INT = 1;

/** CPython's `WHENCE_…` numbers. Of an interpreter that Python did not make, it only knows whether it is the main one. */
const WHENCE_UNKNOWN = 0;
const WHENCE_RUNTIME = 1;
/** In an interpreter's word: eight bits of configuration, then its whence (_interpreters.py). */
const WHENCE_SHIFT = 8;

/** The parts of Pyodide's module object that the bridge needs. */
interface Heap {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
}

/** A Python object as Pyodide gives it to JavaScript. */
interface Buffered {
  getBuffer(type: "u8"): { readonly data: Uint8Array; release(): void };
  destroy(): void;
}

/** A value that waits for room in the buffer. */
interface Waiting {
  readonly codec: number;
  readonly bytes: Uint8Array;
  readonly references: readonly number[];
}

export class Bridge {
  readonly #heap: Heap;
  readonly #language: Language;
  /** Where Python's buffer begins, and how many bytes of data it has room for. */
  #at = 0;
  #room = 0;
  /** Keeps Python from moving the buffer. */
  #pinned: { release(): void } | undefined;
  #bytes!: Buffer;
  #words!: Int32Array;
  readonly #received: ReturnType<Core["makeReceived"]>;
  readonly #outgoing: ReturnType<Core["makeOutgoing"]>;
  /** Data that is being transcoded. */
  readonly #scratch = new Output(4096);
  #scratchWords: Int32Array = new Int32Array(0);
  readonly #operations = new Map<number, GuestOperation>();
  #nextToken = 1;
  #waiting: Waiting | undefined;
  #lastError = "";

  constructor(pyodide: PyodideAPI, language: Language) {
    this.#heap = (pyodide as unknown as { readonly _module: Heap })._module;
    this.#language = language;
    this.#received = core.makeReceived();
    this.#outgoing = core.makeOutgoing({ bytes: this.#scratch.bytes, words: this.#scratchWords });
  }

  /** Views of Python's heap, made again when it has grown. */
  #map(): void {
    const { buffer } = this.#heap.HEAPU8;
    if (this.#bytes?.buffer === buffer) return;
    this.#bytes = Buffer.from(buffer);
    this.#words = new Int32Array(buffer);
  }

  #word(index: number): number {
    return this.#words[(this.#at >> 2) + index];
  }

  #setWord(index: number, value: number): void {
    this.#words[(this.#at >> 2) + index] = value;
  }

  /** The functions that Python calls, by name. All take and return integers, unless they say otherwise. */
  functions(): Record<string, (...args: never[]) => unknown> {
    const own: Record<string, (...args: never[]) => unknown> = {
      use_buffer: (buffer: Buffered) => this.#useBuffer(buffer),
      /** A string. */
      last_error: () => this.#lastError,

      q_create: (maxsize: number, unbound: number) => this.#createQueue(maxsize, unbound),
      q_bind: (id: number) => (queues.hold(id) === undefined ? core.STATUS_NOT_FOUND : core.OK),
      q_release: (id: number) => this.#releaseQueue(id),
      q_release_carried: (pointer: number, id: number) => queues.releaseCarried(pointer, id),
      q_destroy: (id: number) => this.#withQueue(id, (queue) => queues.close(queue)),
      q_list: () => this.#listQueues(),
      q_put: (id: number, codec: number, references: number, unbound: number) =>
        this.#put(id, codec, references, unbound),
      q_put_int: (id: number, value: number, unbound: number) => this.#putInt(id, value, unbound),
      q_get: (id: number) => this.#get(id),
      q_fetch: () => this.#fetch(),
      q_count: (id: number) => this.#ask(id, (queue) => queues.count(queue)),
      q_maxsize: (id: number) => this.#ask(id, (queue) => queues.maxsize(queue)),
      q_unbound: (id: number) => this.#ask(id, (queue) => queues.unbound(queue)),
      q_wait: (id: number, putting: boolean, timeout: number) => this.#waitForQueue(id, putting, timeout),
      /** A promise, which keeps the event loop alive. */
      q_changes: (id: number, putting: boolean, timeout: number) => this.#queueChanges(id, putting, timeout),

      i_current: () => interpreters.current(),
      i_list: () => this.#listInterpreters(),
      i_whence: (id: number) => this.#whence(id),
      i_running: (id: number) => this.#running(id),
      i_word: (id: number) => interpreters.guestWord(id),
      i_create: (word: number, counted: boolean) => this.#create(word, counted),
      i_close: (id: number) => this.#guarded(() => interpreters.close(id)),
      i_incref: (id: number) => (interpreters.hold(id) ? core.OK : core.STATUS_NOT_FOUND),
      i_decref: (id: number) => Number(interpreters.release(id)),
      i_send: (id: number, references: number) => this.#send(id, references),
      i_done: (token: number) => Number(this.#operation(token).settled),
      i_block: (token: number) => this.#block(this.#operation(token)),
      /** A promise, which keeps the event loop alive. */
      i_settled: (token: number) => this.#settled(this.#operation(token)),
      i_fetch: (token: number) => this.#fetchReply(token),
      i_forget: (token: number) => this.#operations.delete(token),
      /** Blocks until something has come for this thread. */
      wait_any: (timeout: number) => this.#waitAny(timeout),
    };
    own["names"] = () => Object.keys(own).filter((name) => name !== "names");
    return own;
  }

  #useBuffer(buffer: Buffered): void {
    const view = buffer.getBuffer("u8");
    this.#pinned?.release();
    this.#pinned = view;
    this.#at = view.data.byteOffset;
    this.#room = view.data.length - DATA;
    buffer.destroy();
    if (this.#at % 4 !== 0) throw new InterpreterError("Cannot use Python's buffer: it is not aligned");
    this.#map();
  }

  #guarded(step: () => number): number {
    try {
      return step();
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error);
      return -100;
    }
  }

  // Queues.

  #createQueue(maxsize: number, unbound: number): number {
    const id = queues.make(maxsize, unbound);
    // CPython's queue has a reference only once it is bound; until then nothing destroys it, and nothing destroys ours.
    return id;
  }

  #releaseQueue(id: number): number {
    const queue = queues.held(id);
    if (queue === undefined || !queues.isOpen(queue)) return core.STATUS_NOT_FOUND;
    queues.release(queue);
    return core.OK;
  }

  /** Calls `use` with the queue, which is held meanwhile. */
  #withQueue(id: number, use: (queue: HeldQueue) => number): number {
    const known = queues.held(id);
    const queue = known ?? queues.hold(id);
    if (queue === undefined || !queues.isOpen(queue)) return core.STATUS_NOT_FOUND;
    try {
      return use(queue);
    } finally {
      if (known === undefined) queues.release(queue);
    }
  }

  #ask(id: number, question: (queue: HeldQueue) => number): number {
    this.#map();
    return this.#withQueue(id, (queue) => {
      this.#setWord(W_VALUE, question(queue));
      return core.OK;
    });
  }

  #listQueues(): number {
    this.#map();
    const ids = queues.ids();
    const most = Math.min(ids.length, this.#room >> 3);
    const base = (this.#at + DATA) >> 2;
    let count = 0;
    for (let i = 0; i < most; i++) {
      this.#withQueue(ids[i], (queue) => {
        this.#words[base + count * 2] = queue.id;
        this.#words[base + count * 2 + 1] = queues.unbound(queue);
        count++;
        return core.OK;
      });
    }
    return count;
  }

  /** The references that Python noted behind its data, as triples. Undefined if one of the queues is gone. */
  #noted(count: number): number[] | undefined {
    const references: number[] = [];
    const base = (this.#at + this.#word(W_REFERENCES_AT)) >> 2;
    for (let i = 0; i < count; i++) {
      const queue = queues.held(this.#words[base + i]);
      if (queue === undefined) return undefined;
      references.push(core.REF_QUEUE, queue.pointer, queue.id);
    }
    return references;
  }

  #put(id: number, codec: number, references: number, unbound: number): number {
    this.#map();
    const triples = references === 0 ? NONE : this.#noted(references);
    if (triples === undefined) return core.STATUS_NOT_FOUND;
    const record = this.#outgoing;
    if (codec === core.CODEC_NEUTRAL) {
      if (!this.#transcode()) return NOT_NEUTRAL;
      record.bytes = this.#scratch.bytes;
      record.words = this.#scratchWords;
      record.start = 0;
      record.length = this.#scratch.end;
    } else {
      record.bytes = this.#bytes;
      record.words = this.#words;
      record.start = this.#at + DATA;
      record.length = this.#word(W_LENGTH);
    }
    record.references = triples;
    return this.#putRecord(id, codec, unbound);
  }

  #putRecord(id: number, codec: number, unbound: number): number {
    const record = this.#outgoing;
    return this.#withQueue(id, (queue) => {
      const fate = unbound < 0 ? queues.unbound(queue) : unbound;
      record.flags = (codec << core.RECORD_CODEC_SHIFT) | (fate << core.RECORD_UNBOUND_SHIFT);
      return queues.putRecord(queue, record);
    });
  }

  #putInt(id: number, value: number, unbound: number): number {
    const out = this.#scratch.reset();
    if (value >= 0 && value < 0x80) out.byte(0x80 + value);
    else {
      out.byte(0x03);
      out.int32(value);
    }
    this.#mapScratch();
    const record = this.#outgoing;
    record.bytes = out.bytes;
    record.words = this.#scratchWords;
    record.start = 0;
    record.length = out.end;
    record.references = NONE;
    return this.#putRecord(id, core.CODEC_NEUTRAL, unbound);
  }

  /** Transcodes Python's data into the scratch. Returns whether it is neutral. */
  #transcode(): boolean {
    const out = this.#scratch.reset();
    const start = this.#at + DATA;
    const done = toNeutral(this.#bytes, start, out);
    this.#mapScratch();
    return done !== -1;
  }

  #mapScratch(): void {
    const { bytes } = this.#scratch;
    if (this.#scratchWords.buffer !== bytes.buffer)
      this.#scratchWords = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  }

  #get(id: number): number {
    this.#map();
    const { queue: received, status } = this.#take(id);
    if (status !== core.OK) return status;
    this.#setWord(W_STATE, received.state);
    this.#setWord(W_CODEC, received.codec);
    if (received.state !== core.RECORD_LIVE) return core.OK;
    const { references, start, length, bytes } = received;
    if (references === 0 && received.codec === core.CODEC_NEUTRAL) {
      if (length === 1 && bytes[start] >= 0x80) {
        this.#setWord(W_VALUE, bytes[start] - 0x80);
        return SMALL_INT;
      }
      if (length === 5 && bytes[start] === 0x03) {
        this.#setWord(W_VALUE, bytes.readInt32LE(start + 1));
        return SMALL_INT;
      }
    }
    const triples: number[] = [];
    for (let i = 0; i < references * 3; i++) triples.push(bytes.readInt32LE(start + i * 4));
    const body = bytes.subarray(start + references * 12, start + length);
    return this.#deliver(received.codec, body, triples);
  }

  #take(id: number): { queue: ReturnType<Core["makeReceived"]>; status: number } {
    const received = this.#received;
    const status = this.#withQueue(id, (queue) => queues.takeRecord(queue, received));
    if (status === core.OK && received.blob !== 0) {
      const space = core.spaceOf(Buffer.allocUnsafeSlow((received.length + 7) & ~7));
      queues.unload(received, space, 0);
      return { queue: { ...received, ...space, start: 0 }, status };
    }
    return { queue: received, status };
  }

  /** Gives Python a value. If the buffer is too small, it is kept until `q_fetch`. */
  #deliver(codec: number, body: Uint8Array, triples: readonly number[]): number {
    let data: Uint8Array = body;
    let references = triples;
    if (codec === core.CODEC_NEUTRAL) {
      const out = this.#scratch.reset();
      const marks: number[] = [];
      const from = Buffer.from(body.buffer, body.byteOffset, body.length);
      toMarshal(from, 0, out, (index) => marks.push(...triples.slice(index * 3, index * 3 + 3)));
      data = out.bytes.subarray(0, out.end);
      references = marks;
    }
    return this.#hand(codec, data, references);
  }

  #hand(codec: number, data: Uint8Array, references: readonly number[]): number {
    this.#map();
    const at = (DATA + data.length + 3) & ~3;
    const needed = at - DATA + references.length * 4;
    if (needed > this.#room) {
      this.#waiting = { codec, bytes: Uint8Array.from(data), references };
      this.#setWord(W_LENGTH, needed);
      return TOO_BIG;
    }
    this.#waiting = undefined;
    this.#bytes.set(data, this.#at + DATA);
    this.#setWord(W_CODEC, codec);
    this.#setWord(W_LENGTH, data.length);
    this.#setWord(W_REFERENCES, references.length / 3);
    this.#setWord(W_REFERENCES_AT, at);
    const base = (this.#at + at) >> 2;
    for (let i = 0; i < references.length; i++) this.#words[base + i] = references[i]!;
    return core.OK;
  }

  #fetch(): number {
    this.#map();
    const { codec, bytes, references } = this.#waiting!;
    // The state of the item was written before.
    return this.#hand(codec, bytes, references);
  }

  #waitForQueue(id: number, putting: boolean, timeout: number): number {
    const limit = timeout < 0 ? Infinity : timeout;
    return this.#withQueue(id, (queue) =>
      putting ? queues.waitForRoom(queue, limit) : queues.waitForRecord(queue, limit),
    );
  }

  async #queueChanges(id: number, putting: boolean, timeout: number): Promise<number> {
    const queue = queues.hold(id);
    if (queue === undefined) return core.STATUS_NOT_FOUND;
    try {
      const limit = timeout < 0 ? Infinity : timeout;
      return await (putting ? queues.roomComes(queue, limit) : queues.recordComes(queue, limit));
    } finally {
      queues.release(queue);
    }
  }

  // Interpreters.

  #whence(id: number): number {
    const whence = interpreters.whence(id);
    if (whence < 0) return whence;
    const word = interpreters.guestWord(id);
    if (word !== 0) return word >> WHENCE_SHIFT;
    return whence === WHENCE_RUNTIME ? WHENCE_RUNTIME : WHENCE_UNKNOWN;
  }

  #running(id: number): number {
    const whence = interpreters.whence(id);
    if (whence < 0) return whence;
    // Main, and threads that joined by themselves, always run code of their own.
    return whence === 2 ? interpreters.isRunning(id) : 1;
  }

  #listInterpreters(): number {
    this.#map();
    const listed = interpreters.list();
    if (listed.length * 8 > this.#room) {
      this.#setWord(W_LENGTH, listed.length * 8);
      return TOO_BIG;
    }
    const base = (this.#at + DATA) >> 2;
    listed.forEach(({ id }, i) => {
      this.#words[base + i * 2] = id;
      this.#words[base + i * 2 + 1] = this.#whence(id);
    });
    return listed.length;
  }

  #create(word: number, _counted: boolean): number {
    return this.#guarded(() => interpreters.create({ language: this.#language }, word));
  }

  #operation(token: number): GuestOperation {
    return this.#operations.get(token)!;
  }

  #send(id: number, references: number): number {
    this.#map();
    const triples = references === 0 ? NONE : this.#noted(references);
    if (triples === undefined) return core.STATUS_NOT_FOUND;
    const start = this.#at + DATA;
    const bytes = this.#bytes.subarray(start, start + this.#word(W_LENGTH));
    const value = new core.EncodedValue(PYTHON_TAG, bytes, triples);
    return this.#guarded(() => {
      const sent = interpreters.send(id, value, { onlyIfIdle: true, blocking: true });
      if (typeof sent === "number") return sent;
      const token = this.#nextToken++;
      this.#operations.set(token, sent);
      return token;
    });
  }

  #block(operation: GuestOperation): void {
    try {
      operation.block();
    } catch {
      // `i_fetch` tells.
    }
  }

  async #settled(operation: GuestOperation): Promise<void> {
    if (operation.settled) return;
    await operation.promise().catch(() => undefined);
  }

  #fetchReply(token: number): number {
    const { reply, error } = this.#operation(token);
    if (reply === undefined) {
      this.#operations.delete(token);
      this.#lastError = error instanceof Error ? error.message : String(error);
      return core.STATUS_NOT_FOUND;
    }
    const status = this.#hand(reply.codec, reply.bytes, reply.references);
    if (status === core.OK) this.#operations.delete(token);
    return status;
  }

  #waitAny(timeout: number): void {
    let first = true;
    core.threads.blockUntil(() => !first || (first = false), timeout < 0 ? undefined : timeout);
  }

  // The executing side (guest.ts).

  /** Puts a value into Python's buffer, which `grow` makes larger if it must. */
  give(codec: number, body: Uint8Array, triples: readonly number[], grow: (length: number) => void): void {
    if (this.#deliver(codec, body, triples) === core.OK) return;
    grow(this.#word(W_LENGTH));
    this.#fetch();
  }

  /** Reads the value that Python left in its buffer, with so many references: neutral data, transcoded, or Python's own. */
  read(codec: number, references: number): EncodedValue | undefined {
    this.#map();
    const triples = references === 0 ? NONE : this.#noted(references);
    if (triples === undefined) return undefined;
    if (codec === core.CODEC_NEUTRAL) {
      if (!this.#transcode()) return undefined;
      return new core.EncodedValue(
        codec,
        Uint8Array.from(this.#scratch.bytes.subarray(0, this.#scratch.end)),
        triples,
      );
    }
    const start = this.#at + DATA;
    return new core.EncodedValue(codec, this.#bytes.subarray(start, start + this.#word(W_LENGTH)), triples);
  }

  get length(): number {
    this.#map();
    return this.#word(W_LENGTH);
  }

  get state(): number {
    this.#map();
    return this.#word(W_STATE);
  }
}

const NONE: readonly number[] = [];
