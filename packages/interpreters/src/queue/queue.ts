/**
 * Queues between interpreters: the public class (PEP 734, "Queue Objects"; CPython: `concurrent.interpreters.Queue`).
 *
 * - Any number of producers and consumers, in any interpreters; strictly first in, first out.
 * - Waiters wake as soon as there is something for them; nothing polls, no wake-up is lost, whoever dies.
 * - A bounded queue holds its producers back; `timeout` and `signal` end a wait and leave no trace.
 * - A queue is shareable and keeps its identity: getting a queue that you hold already gives you that very object.
 * - It lives as long as an interpreter holds it or an item carries it.
 */
import { registerReference } from "../codec/codec.js";
import { checkCount, checkId, checkOptions, checkSignal, checkTimeout, show } from "../base/check.js";
import {
  InterpreterError,
  ItemInterpreterDestroyed,
  QueueEmpty,
  QueueError,
  QueueFull,
  QueueNotFoundError,
  QueueShutDown,
} from "../base/errors.js";
import { Batch } from "../wire/batch.js";
import { runtime } from "../thread/current.js";
import { Message, readValue } from "../wire/message.js";
import { memoryFull } from "../wire/status-error.js";
import type { Runtime } from "../thread/runtime.js";
import { get } from "../memory/atomics.js";
import {
  C_MAXSIZE,
  OK,
  Q_GETTERS,
  Q_PUTTERS,
  Q_UNBOUND,
  RECORD_ERROR,
  RECORD_UNBOUND,
  REF_QUEUE,
  STATUS_EMPTY,
  STATUS_FULL,
  STATUS_NO_MEMORY,
  STATUS_NOT_FOUND,
  UNBOUND_ITEM,
} from "../memory/layout.js";
import { collectCarried, releaseHandle } from "../thread/supervisor-client.js";
import {
  closeQueue,
  createQueue as createQueueAt,
  findQueue,
  listQueueIds,
  shutdownQueue,
} from "../kernel/queue-lifetime.js";
import { queueIdOf, sizeOf } from "../kernel/queue-state.js";
import { take, takeMany } from "../kernel/queues.js";
import { makeReceived, makeReceivedMany, type Received } from "../kernel/receive.js";
import { UNBOUND, unboundFrom, type UnboundItems, unboundNumber } from "./unbound.js";
import { WaitQueue } from "./wait-queue.js";

/** Options of everything that waits. */
export interface WaitOptions {
  /** Milliseconds; 0: try once; without it there is no limit. */
  timeout?: number;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of what blocks: no signal can come meanwhile. */
export interface SyncOptions {
  timeout?: number;
}

export interface PutOptions {
  /** What becomes of this item when this interpreter is destroyed; the queue's default otherwise. */
  unboundItems?: UnboundItems;
}

const NO_OPTIONS: PutOptions = {};

type Binding = { pointer: number; id: number };

/** The one object for each queue of this thread, and what gives its handle back. */
const known = new Map<number, WeakRef<Queue>>();
const collected = new FinalizationRegistry<Binding>(({ pointer, id }) => {
  // The handle is the thread's, not the object's: a newer object may have taken its place, and of several that were
  // collected at once, the first to come here gives the handle back.
  const entry = known.get(id);
  if (entry === undefined || entry.deref() !== undefined) return;
  known.delete(id);
  releaseHandle(runtime(), pointer, false);
});

/** Set for the one call of the constructor that binds to a queue by pointer. */
let binding: Binding | undefined;
export let pointerOf: (queue: Queue) => number;

const received = makeReceived();
/** Places for `getMany`, made when it is first used. */
let many = makeReceivedMany(0);
const MOST_AT_ONCE = 1024;

/**
 * A queue. Made by `createQueue`; `new Queue(id)` binds to an existing one.
 *
 * @typeParam T the type of the items
 * @typeParam Missing what `get` may return instead: `typeof UNBOUND`, or never where the queue's default rules it out
 * @throws QueueNotFoundError there is no queue of that id
 * @example
 * const queue = createQueue<number>();
 * queue.putNowait(1);
 * new Queue(queue.id) === queue; // true
 */
export class Queue<T = unknown, Missing = typeof UNBOUND> {
  readonly #rt!: Runtime;
  readonly #pointer!: number;
  /** Its default behaviour, as it stands in records. */
  readonly #unbound!: number;
  readonly #getting!: WaitQueue;
  readonly #putting!: WaitQueue;
  readonly id!: number;
  /** Most items it holds; 0: no limit. */
  readonly maxsize!: number;
  /** What becomes of items whose interpreter is destroyed, unless they were put with a behaviour of their own. */
  readonly unboundItems!: UnboundItems;

  static {
    pointerOf = (queue) => queue.#pointer;
  }

  constructor(id: number) {
    const rt = runtime();
    let bound = binding;
    binding = undefined;
    if (bound === undefined) {
      checkId("a queue's id", id);
      const same = known.get(id)?.deref();
      if (same !== undefined && queueIdOf(rt.m, same.#pointer) === id) return same as Queue<T, Missing>;
      const pointer = findQueue(rt.m, id);
      if (pointer === 0) throw new QueueNotFoundError(`Cannot bind to queue ${id}: there is none`);
      bound = { pointer, id };
    }
    this.#rt = rt;
    this.#pointer = bound.pointer;
    this.id = bound.id;
    this.maxsize = get(rt.m, bound.pointer + C_MAXSIZE);
    this.#unbound = get(rt.m, bound.pointer + Q_UNBOUND);
    this.unboundItems = unboundFrom(this.#unbound);
    this.#getting = new WaitQueue(rt, bound.pointer, Q_GETTERS);
    this.#putting = new WaitQueue(rt, bound.pointer, Q_PUTTERS);
    known.set(this.id, new WeakRef(this as Queue));
    collected.register(this, bound);
  }

  /** How many items could be got now. */
  qsize(): number {
    this.#checkOpen("look into");
    return sizeOf(this.#rt.m, this.#pointer);
  }

  empty(): boolean {
    return this.qsize() === 0;
  }

  full(): boolean {
    return this.maxsize > 0 && this.qsize() >= this.maxsize;
  }

  /**
   * Puts an item, waiting for room where the queue is bounded.
   *
   * @throws NotShareableError the value cannot travel; QueueFull no room within `timeout`; QueueShutDown;
   * QueueNotFoundError the queue was closed; the signal's reason
   */
  async put(value: T, options: WaitOptions & PutOptions = {}): Promise<void> {
    const timeout = checkWait(options);
    const message = this.#message(value, options);
    try {
      const status = await this.#putting.until(timeout, options.signal, (wait) =>
        this.#tryPut(message, options, wait),
      );
      this.#checkPut(status, timeout);
    } finally {
      message.discard();
    }
  }

  /** As `put`, blocking this thread. */
  putSync(value: T, options: SyncOptions & PutOptions = {}): void {
    const timeout = checkTimeout(options.timeout);
    const message = this.#message(value, options);
    try {
      this.#checkPut(
        this.#putting.untilSync(timeout, (wait) => this.#tryPut(message, options, wait)),
        timeout,
      );
    } finally {
      message.discard();
    }
  }

  /** Puts an item if there is room now; throws QueueFull otherwise. */
  putNowait(value: T, options: PutOptions = NO_OPTIONS): void {
    const message = this.#message(value, options);
    const status = this.#tryPut(message, options, false);
    message.discard();
    this.#checkPut(status, 0);
  }

  /**
   * Puts several items in order: in one step, nothing of others' between them, as far as there is room; it waits for more.
   *
   * @throws as `put`; where some were put already, the error's `put` says how many
   * @example
   * await createQueue<number>().putMany([1, 2, 3]);
   */
  async putMany(values: Iterable<T>, options: WaitOptions & PutOptions = {}): Promise<void> {
    const timeout = checkWait(options);
    const batch = this.#batch(values, options);
    try {
      const status = await this.#putting.until(timeout, options.signal, (wait) =>
        this.#tryPutMany(batch, wait),
      );
      this.#checkPut(status, timeout);
    } catch (error) {
      throw tellHowMany(error, batch);
    } finally {
      batch.discard(this.#rt.m);
    }
  }

  /** As `putMany`, blocking this thread. */
  putManySync(values: Iterable<T>, options: SyncOptions & PutOptions = {}): void {
    const timeout = checkTimeout(options.timeout);
    const batch = this.#batch(values, options);
    try {
      this.#checkPut(
        this.#putting.untilSync(timeout, (wait) => this.#tryPutMany(batch, wait)),
        timeout,
      );
    } catch (error) {
      throw tellHowMany(error, batch);
    } finally {
      batch.discard(this.#rt.m);
    }
  }

  /**
   * Gets the next item, waiting for one.
   *
   * @throws QueueEmpty nothing within `timeout`; QueueShutDown and nothing left; QueueNotFoundError the queue was closed;
   * ItemInterpreterDestroyed; the signal's reason
   */
  async get(options: WaitOptions = {}): Promise<T | Missing> {
    const timeout = checkWait(options);
    let item: T | Missing;
    const status = await this.#getting.until(timeout, options.signal, (wait) => {
      const status = take(this.#rt.m, this.#pointer, wait, received);
      // Read at once: whoever is served next takes into the same place.
      if (status === OK) item = this.#item(received);
      return status;
    });
    this.#checkGot(status, timeout);
    return item!;
  }

  /** As `get`, blocking this thread. */
  getSync(options: SyncOptions = {}): T | Missing {
    const timeout = checkTimeout(options.timeout);
    let item: T | Missing;
    const status = this.#getting.untilSync(timeout, (wait) => {
      const status = take(this.#rt.m, this.#pointer, wait, received);
      if (status === OK) item = this.#item(received);
      return status;
    });
    this.#checkGot(status, timeout);
    return item!;
  }

  /** Gets the next item if there is one now; throws QueueEmpty otherwise. */
  getNowait(): T | Missing {
    this.#checkGot(take(this.#rt.m, this.#pointer, false, received), 0);
    return this.#item(received);
  }

  /**
   * Gets what there is, up to `max` items, in one step, nothing of others' between them; waits for the first.
   *
   * @throws as `get`; an item put with UNBOUND_ERROR whose interpreter was destroyed comes alone. Where one cannot be
   * read here (it is nested too deeply for this thread's stack, say), the error's `items` are those that can
   */
  async getMany(max: number, options: WaitOptions = {}): Promise<(T | Missing)[]> {
    checkCount("getMany: max", max, 1);
    const items: (T | Missing)[] = [];
    const timeout = checkWait(options);
    const { signal } = options;
    const status = await this.#getting.until(timeout, signal, (wait) => this.#tryGetMany(items, max, wait));
    this.#checkGot(status, timeout);
    return items;
  }

  /** As `getMany`, blocking this thread. */
  getManySync(max: number, options: SyncOptions = {}): (T | Missing)[] {
    checkCount("getManySync: max", max, 1);
    const items: (T | Missing)[] = [];
    const timeout = checkTimeout(options.timeout);
    const status = this.#getting.untilSync(timeout, (wait) => this.#tryGetMany(items, max, wait));
    this.#checkGot(status, timeout);
    return items;
  }

  /** Ends the queue for producers, and for consumers once it is empty; `immediate` drops what is in it. */
  shutdown({ immediate = false }: { immediate?: boolean } = {}): void {
    this.#checkStatus(shutdownQueue(this.#rt.m, this.#pointer, immediate), "shut down");
    if (immediate) collectCarried(this.#rt, this.#pointer);
  }

  /** Ends the queue for everybody, at once: whoever waits or comes later gets QueueNotFoundError. */
  close(): void {
    this.#checkStatus(closeQueue(this.#rt.m, this.#pointer), "close");
    collectCarried(this.#rt, this.#pointer);
  }

  /** Gets item by item, until the queue is shut down and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T | Missing, void, undefined> {
    for (;;) {
      let item: T | Missing;
      try {
        item = await this.get();
      } catch (error) {
        if (error instanceof QueueShutDown) return;
        throw error;
      }
      yield item;
    }
  }

  get [Symbol.toStringTag](): string {
    return `Queue ${this.id}`;
  }

  #message(value: T, { unboundItems }: PutOptions): Message {
    if (unboundItems !== undefined) unboundNumber(unboundItems);
    const message = Message.take(this.#rt.m);
    try {
      return message.value(value, "value");
    } catch (error) {
      message.discard();
      throw error;
    }
  }

  #tryPut(message: Message, { unboundItems }: PutOptions, wait: boolean): number {
    const { id } = this.#rt;
    const unbound = unboundItems === undefined ? this.#unbound : unboundNumber(unboundItems);
    return message.intoQueue(this.#pointer, wait, id, unbound);
  }

  #batch(values: Iterable<T>, { unboundItems }: PutOptions): Batch {
    if (typeof (values as Partial<Iterable<T>> | null)?.[Symbol.iterator] !== "function") {
      throw new TypeError(`putMany: values must be iterable, found ${show(values)}`);
    }
    const unbound = unboundItems === undefined ? this.#unbound : unboundNumber(unboundItems);
    return new Batch(values, this.#rt.id, unbound);
  }

  #tryPutMany(batch: Batch, wait: boolean): number {
    return batch.intoQueue(this.#rt.m, this.#pointer, wait);
  }

  /** Takes into `items`, and returns the status. */
  #tryGetMany(items: (T | Missing)[], max: number, wait: boolean): number {
    const { m } = this.#rt;
    const most = Math.min(max, MOST_AT_ONCE);
    if (many.records.length < most) many = makeReceivedMany(most);
    const count = takeMany(m, this.#pointer, wait, many, most);
    if (count <= 0) return count;
    let failure: unknown;
    for (let i = 0; i < count; i++) {
      try {
        items.push(this.#item(many.records[i]));
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure === undefined) return OK;
    // They were taken: whoever asked for them gets the others all the same.
    if (count > 1) Object.defineProperty(failure, "items", { value: items });
    throw failure;
  }

  #item(from: Received): T | Missing {
    if (from.state === RECORD_UNBOUND) return UNBOUND as Missing;
    if (from.state === RECORD_ERROR) {
      throw new ItemInterpreterDestroyed(
        `The item that was next in queue ${this.id} is gone with interpreter ${from.sender}, which had put it`,
      );
    }
    return readValue(this.#rt.m, from, 0) as T;
  }

  #checkPut(status: number, timeout: number): void {
    if (status === OK) return;
    if (status === STATUS_FULL) {
      throw new QueueFull(
        `Cannot put into queue ${this.id}: it holds ${this.maxsize} items, its most` + waited(timeout),
      );
    }
    this.#checkStatus(status, "put into");
  }

  #checkGot(status: number, timeout: number): void {
    if (status === OK) return;
    if (status === STATUS_EMPTY)
      throw new QueueEmpty(`Cannot get from queue ${this.id}: it is empty` + waited(timeout));
    this.#checkStatus(status, "get from");
  }

  #checkStatus(status: number, what: string): void {
    if (status === OK) return;
    if (status === STATUS_NOT_FOUND)
      throw new QueueNotFoundError(`Cannot ${what} queue ${this.id}: it was closed`);
    if (status === STATUS_NO_MEMORY) throw memoryFull(`${what} queue ${this.id}`);
    throw new QueueShutDown(`Cannot ${what} queue ${this.id}: it was shut down`);
  }

  #checkOpen(what: string): void {
    if (queueIdOf(this.#rt.m, this.#pointer) === -1) this.#checkStatus(STATUS_NOT_FOUND, what);
  }
}

function checkWait({ timeout, signal }: WaitOptions): number {
  checkSignal(signal);
  const limit = checkTimeout(timeout);
  signal?.throwIfAborted();
  return limit;
}

/** Part of a batch may be in the queue when an error ends the wait for the rest. */
function tellHowMany(error: unknown, batch: Batch): unknown {
  // Not on a signal's reason, which is the user's, and may be that of other batches too.
  const ours = error instanceof QueueError || error instanceof InterpreterError;
  if (batch.put > 0 && ours) Object.defineProperty(error, "put", { value: batch.put });
  return error;
}

function waited(timeout: number): string {
  return timeout === 0 ? "" : `, and was for ${timeout} ms`;
}

/** Options of `createQueue`. */
export interface QueueOptions<U extends UnboundItems = UnboundItems> {
  /** What becomes of items whose interpreter is destroyed; default UNBOUND. */
  unboundItems?: U;
}

/**
 * Makes a queue (PEP 734: `create_queue`).
 *
 * @param maxsize most items it holds; 0 (the default) or less: no limit
 * @throws TypeError maxsize is not an integer, or an unknown behaviour
 * @example
 * const queue = createQueue<string>(10, { unboundItems: UNBOUND_REMOVE });
 * await queue.put("work");
 */
export function createQueue<T = unknown>(
  maxsize?: number,
  options?: { unboundItems?: typeof UNBOUND },
): Queue<T>;
export function createQueue<T = unknown>(
  maxsize: number | undefined,
  options: { unboundItems: Exclude<UnboundItems, typeof UNBOUND> },
): Queue<T, never>;
export function createQueue<T = unknown>(
  maxsize?: number,
  options: QueueOptions = {},
): Queue<T, typeof UNBOUND> | Queue<T, never> {
  checkOptions("createQueue", options, ["unboundItems"]);
  const max = maxsize === undefined ? 0 : maxsize;
  if (typeof max !== "number" || !Number.isInteger(max)) {
    throw new TypeError(`createQueue: maxsize must be an integer, found ${show(maxsize)}`);
  }
  if (max > 0x7fffffff) throw new RangeError(`createQueue: maxsize must be below 2 ** 31, found ${max}`);
  return make(
    Math.max(max, 0),
    options.unboundItems === undefined ? UNBOUND_ITEM : unboundNumber(options.unboundItems),
    false,
  );
}

/** A queue that is not listed and has no id of its own: a pool's. */
export function createHiddenQueue(): Queue {
  return make(0, UNBOUND_ITEM, true);
}

function make<T>(maxsize: number, unbound: number, hidden: boolean): Queue<T> {
  const { m } = runtime();
  const pointer = createQueueAt(m, maxsize, unbound, hidden);
  if (pointer === 0) throw memoryFull("create a queue");
  return bind<T>(pointer, queueIdOf(m, pointer));
}

/** All queues of the process, ordered by id. */
export function listQueues(): Queue[] {
  const { m } = runtime();
  let ids = new Int32Array(64);
  for (let count = listQueueIds(m, ids); ; count = listQueueIds(m, ids)) {
    if (count <= ids.length) {
      ids = ids.subarray(0, count).sort();
      break;
    }
    ids = new Int32Array(count * 2);
  }
  const queues: Queue[] = [];
  for (const id of ids) {
    try {
      queues.push(new Queue(id));
    } catch (error) {
      // Closed since it was listed.
      if (!(error instanceof QueueNotFoundError)) throw error;
    }
  }
  return queues;
}

/** The object for a queue that this thread holds a handle to. */
function bind<T>(pointer: number, id: number): Queue<T> {
  const same = known.get(id)?.deref();
  if (same !== undefined) return same as Queue<T>;
  binding = { pointer, id };
  return new Queue<T>(id);
}

registerReference<Queue>({
  kind: REF_QUEUE,
  is: (value): value is Queue => value instanceof Queue,
  toReference: (queue) => [pointerOf(queue), queue.id],
  fromReference: (pointer, id) => bind(pointer, id),
});
