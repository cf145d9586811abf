/**
 * Queues between interpreters: the public class, on top of the kernel's queues of integers (kernel/queues.ts):
 *
 *     put   encode the value into a message ──▶ kernel put ──FULL──▶ wait-queue.ts parks until there is room
 *     get   kernel take ──EMPTY──▶ wait-queue.ts parks until there is an item ──▶ decode its value
 *
 * Getting a queue that this thread holds already returns that very object.
 */
import { checkCount, checkId, ownOptions } from "../base/check.js";
import { QueueNotFoundError } from "../base/errors.js";
import { registerReference } from "../codec/codec.js";
import { closeQueue, findQueue, shutdownQueue } from "../kernel/queue-lifetime.js";
import { queueIdOf, sizeOf } from "../kernel/queue-state.js";
import { get } from "../memory/atomics.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import { C_MAXSIZE, Q_UNBOUND, REF_QUEUE } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { collectCarried } from "../thread/supervisor-client.js";
import type { Message } from "../wire/message.js";
import {
  discardItem,
  encodeItem,
  encodeItems,
  type ItemMoves,
  movesOf,
  putItem,
  Taker,
  untilShutDown,
} from "./items.js";
import { handles, heldQueues, makeWaits, type QueueBinding, type Waits } from "./held-queues.js";
import {
  checkGetOptions,
  checkNowaitOptions,
  checkPutManyOptions,
  checkPutOptions,
  isImmediate,
  NO_OPTIONS,
  type PutManyOptions,
  type PutOptions,
  type SyncOptions,
  type WaitOptions,
} from "./options.js";
import { checkGot, checkOpen, checkPut, checkPutMany, checkStatus } from "./outcomes.js";
import { type UNBOUND, unboundFrom, type UnboundItems, unboundOr } from "./unbound.js";

/** Set for the one constructor call that binds to a queue by pointer. */
let binding: QueueBinding | undefined;
export let pointerOf: <T, M>(queue: Queue<T, M>) => Pointer;
export let waitsOf: <T, M>(queue: Queue<T, M>) => Waits;
export let takerOf: <T, M>(queue: Queue<T, M>) => Taker<T | M>;

/**
 * A queue (PEP 734, "Queue Objects"; CPython: `concurrent.interpreters.Queue`). `createQueue` makes one; `new Queue(id)` returns the
 * one object for an existing one.
 *
 * - Any number of interpreters may put and get, strictly first in, first out. No wake-up is lost, whichever interpreter dies.
 * - An item whose interpreter was destroyed has a defined fate; see `unboundItems`.
 * - A queue is shareable, keeps its identity, and lives as long as an interpreter holds it or an item carries it.
 *
 * @typeParam T the type of the items
 * @typeParam Missing what `get` may return instead: `typeof UNBOUND`, or never if the queue's default rules it out
 * @throws TypeError, RangeError `id` cannot be an id; QueueNotFoundError no queue has it
 * @example
 * const queue = createQueue<number>(2);
 * queue.putNowait(1);
 * new Queue(queue.id) === queue; // true
 * queue.qsize(); // 1
 * queue.empty(); // false
 * queue.full(); // false
 * queue.getNowait(); // 1
 */
export class Queue<T = unknown, Missing = typeof UNBOUND> {
  readonly #rt!: Runtime;
  readonly #pointer!: Pointer;
  /** The default of `unboundItems`, as a number in records. */
  readonly #unbound!: number;
  readonly #taker!: Taker<T | Missing>;
  readonly #waits!: Waits;
  /** Ids count up and are never used again (PEP 734: `id`). */
  readonly id!: number;
  /** The most items that it holds, as given; 0 or less means no limit (PEP 734: `maxsize`). */
  readonly maxsize!: number;
  /** The fate of items whose interpreter is destroyed, unless they were put with one of their own (CPython: `unbounditems`). */
  readonly unboundItems!: UnboundItems;

  static {
    pointerOf = (queue) => queue.#pointer;
    waitsOf = (queue) => queue.#waits;
    takerOf = (queue) => queue.#taker;
  }

  constructor(id: number) {
    const rt = runtime();
    let bound = binding;
    binding = undefined;
    if (bound === undefined) {
      checkId("a queue's id", id);
      const same = handles.get(id) as Queue<T, Missing> | undefined;
      if (same !== undefined && queueIdOf(rt.m, same.#pointer) === id) return same;
      const pointer = findQueue(rt.m, id as QueueId);
      if (pointer === 0)
        throw new QueueNotFoundError(`Cannot bind to queue ${id}: there is none, or it is gone`);
      bound = { pointer, id: id as QueueId };
    }
    this.#rt = rt;
    this.#pointer = bound.pointer;
    this.id = bound.id;
    this.maxsize = get(rt.m, bound.pointer + C_MAXSIZE);
    this.#unbound = get(rt.m, bound.pointer + Q_UNBOUND);
    this.unboundItems = unboundFrom(this.#unbound);
    this.#taker = new Taker(rt, bound.pointer, bound.id);
    this.#waits = heldQueues.get(bound.id) ?? makeWaits(rt, bound.pointer);
    handles.add(this, bound);
    // The fields are read-only, also for JavaScript.
    Object.freeze(this);
  }

  /** How many items it holds now (PEP 734: `qsize`). @throws QueueNotFoundError the queue was closed */
  qsize(): number {
    checkOpen(this, this.#rt.m, this.#pointer);
    return sizeOf(this.#rt.m, this.#pointer);
  }

  /** Whether it holds no item now (PEP 734: `empty`). @throws QueueNotFoundError the queue was closed */
  empty(): boolean {
    return this.qsize() === 0;
  }

  /** Whether it holds `maxsize` items now (PEP 734: `full`). @throws QueueNotFoundError the queue was closed */
  full(): boolean {
    return this.maxsize > 0 && this.qsize() >= this.maxsize;
  }

  /**
   * Puts an item (PEP 734: `put`). Waits for room if the queue is full. The value is copied before `put` returns its promise.
   *
   * @param value the item; see `isShareable`
   * @param options `timeout`, `signal`, `ref`, and the item's own `unboundItems`
   * @throws TypeError, RangeError a bad option; NotShareableError the value cannot travel; QueueFull no room within `timeout`;
   * QueueShutDown; QueueNotFoundError the queue was closed; InterpreterError (`ERR_INTERPRETER_MEMORY`); the signal's reason. All
   * as a rejection.
   * @example
   * const queue = createQueue<number>(1);
   * await queue.put(1, { timeout: 1000 });
   * await queue.get(); // 1
   */
  async put(value: T, options: WaitOptions & PutOptions = NO_OPTIONS): Promise<void> {
    options = ownOptions(options);
    const timeout = checkPutOptions("put", options);
    const moves = movesOf(this.#rt, value, options);
    const message = encodeItem(this.#rt.m, value, options, moves);
    try {
      // Encoding runs user code.
      options.signal?.throwIfAborted();
      let status = this.#waits.putting.first() ?? this.#tryPut(message, options, false, moves);
      if (this.#waits.putting.mustWait(status, timeout)) {
        const attempt = (): number => this.#tryPut(message, options, true, moves);
        status = await this.#waits.putting.wait(timeout, options.signal, attempt, options.ref);
      }
      checkPut(this, status, timeout);
    } finally {
      discardItem(message, moves);
    }
  }

  /**
   * Like `put`, but blocks this thread.
   *
   * @throws as `put`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without `timeout`, if no interpreter could ever make room
   * @example
   * createQueue<number>(1).putSync(1, { timeout: 1000 });
   */
  putSync(value: T, options: SyncOptions & PutOptions = NO_OPTIONS): void {
    options = ownOptions(options);
    const timeout = checkPutOptions("putSync", options);
    const moves = movesOf(this.#rt, value, options);
    const message = encodeItem(this.#rt.m, value, options, moves);
    try {
      options.signal?.throwIfAborted();
      let status = this.#tryPut(message, options, false, moves);
      if (this.#waits.putting.mustWait(status, timeout))
        status = this.#waits.putting.waitSync(timeout, () => this.#tryPut(message, options, true, moves));
      checkPut(this, status, timeout);
    } finally {
      discardItem(message, moves);
    }
  }

  /** Puts an item if there is room now (PEP 734: `put_nowait`). @throws QueueFull if not; otherwise as `put` */
  putNowait(value: T, options: PutOptions = NO_OPTIONS): void {
    options = checkNowaitOptions("putNowait", options);
    const moves = movesOf(this.#rt, value, options);
    const message = encodeItem(this.#rt.m, value, options, moves);
    const status = this.#tryPut(message, options, false, moves);
    discardItem(message, moves);
    checkPut(this, status, 0);
  }

  /**
   * Puts several items in order: as many as there is room for in one step, without items of another producer between them. Waits
   * for room for the others.
   *
   * @param values the items. All of them are copied before the first is put.
   * @param options `timeout`, `signal` and `ref` of the whole operation, and `unboundItems` of these items
   * @throws as `put`. If some items were put already, `put` of the error says how many, unless it is the signal's reason.
   * @example
   * await createQueue<number>().putMany([1, 2, 3]);
   */
  async putMany(values: Iterable<T>, options: WaitOptions & PutManyOptions = NO_OPTIONS): Promise<void> {
    options = ownOptions(options);
    const timeout = checkPutManyOptions("putMany", options);
    const batch = encodeItems(values, this.#rt.id, unboundOr(options.unboundItems, this.#unbound));
    try {
      const attempt = (wait: boolean): number => batch.intoQueue(this.#rt.m, this.#pointer, wait);
      const status = await this.#waits.putting.until(timeout, options.signal, attempt, options.ref);
      checkPutMany(this, () => status, timeout, batch);
    } finally {
      batch.discard(this.#rt.m);
    }
  }

  /**
   * Like `putMany`, but blocks this thread.
   *
   * @throws as `putMany`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) as `putSync`
   * @example
   * createQueue<number>().putManySync([1, 2, 3]);
   */
  putManySync(values: Iterable<T>, options: SyncOptions & PutManyOptions = NO_OPTIONS): void {
    options = ownOptions(options);
    const timeout = checkPutManyOptions("putManySync", options);
    const batch = encodeItems(values, this.#rt.id, unboundOr(options.unboundItems, this.#unbound));
    try {
      options.signal?.throwIfAborted();
      const attempt = (wait: boolean): number => batch.intoQueue(this.#rt.m, this.#pointer, wait);
      checkPutMany(this, () => this.#waits.putting.untilSync(timeout, attempt), timeout, batch);
    } finally {
      batch.discard(this.#rt.m);
    }
  }

  /**
   * Gets the next item (PEP 734: `get`). Waits for one if the queue is empty.
   *
   * @param options `timeout`, `signal` and `ref`
   * @returns the item, or `UNBOUND` in place of an item whose interpreter was destroyed
   * @throws TypeError, RangeError a bad option; QueueEmpty no item within `timeout`; QueueShutDown the queue was shut down and is empty;
   * QueueNotFoundError the queue was closed; ItemInterpreterDestroyed; the signal's reason. If the item cannot be read here, it is
   * lost: InterpreterError (`ERR_MALFORMED_VALUE`) it is too deeply nested for this thread's stack, NotShareableError it is a value of
   * another guest language. All as a rejection.
   * @example
   * const queue = createQueue<string>();
   * const next = queue.get();
   * queue.putNowait("item");
   * await next; // item
   */
  async get(options: WaitOptions = NO_OPTIONS): Promise<T | Missing> {
    const timeout = checkGetOptions("get", options);
    const status = this.#waits.getting.first() ?? this.#taker.attempt(false);
    if (this.#waits.getting.mustWait(status, timeout)) {
      const getter = this.#taker.waiting();
      const { signal, ref } = ownOptions(options);
      checkGot(this, await this.#waits.getting.wait(timeout, signal, getter.attempt, ref), timeout);
      return getter.item!;
    }
    checkGot(this, status, timeout);
    return this.#taker.item();
  }

  /**
   * Like `get`, but blocks this thread.
   *
   * @throws as `get`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without `timeout`, if no interpreter could ever put an item
   * @example
   * const queue = createQueue<number>();
   * queue.putSync(1);
   * queue.getSync({ timeout: 1000 }); // 1
   */
  getSync(options: SyncOptions = NO_OPTIONS): T | Missing {
    const timeout = checkGetOptions("getSync", options);
    const status = this.#taker.attempt(false);
    if (this.#waits.getting.mustWait(status, timeout)) {
      const getter = this.#taker.waiting();
      checkGot(this, this.#waits.getting.waitSync(timeout, getter.attempt), timeout);
      return getter.item!;
    }
    checkGot(this, status, timeout);
    return this.#taker.item();
  }

  /** Gets the next item if there is one now (PEP 734: `get_nowait`). @throws QueueEmpty if not; otherwise as `get` */
  getNowait(): T | Missing {
    checkGot(this, this.#taker.attempt(false), 0);
    return this.#taker.item();
  }

  /**
   * Gets up to `max` items in one step, so no other consumer gets an item between them. Waits for the first.
   *
   * @param max the most items to get, at least 1. One call gets at most 1024.
   * @param options `timeout`, `signal` and `ref`
   * @throws as `get`. ItemInterpreterDestroyed comes alone: it costs no other item. If an item cannot be read here, `items` of the error
   * are the others, which were taken with it.
   * @example
   * const queue = createQueue<number>();
   * await queue.putMany([1, 2, 3]);
   * console.log(await queue.getMany(2)); // [ 1, 2 ]
   */
  async getMany(max: number, options: WaitOptions = NO_OPTIONS): Promise<(T | Missing)[]> {
    checkCount("getMany: max", max, 1);
    const items: (T | Missing)[] = [];
    const timeout = checkGetOptions("getMany", options);
    const { signal, ref } = ownOptions(options);
    const attempt = (wait: boolean): number => this.#taker.many(items, max, wait);
    const status = await this.#waits.getting.until(timeout, signal, attempt, ref);
    checkGot(this, status, timeout);
    return items;
  }

  /**
   * Like `getMany`, but blocks this thread.
   *
   * @throws as `getMany`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) as `getSync`
   * @example
   * const queue = createQueue<number>();
   * queue.putManySync([1, 2, 3]);
   * console.log(queue.getManySync(2)); // [ 1, 2 ]
   */
  getManySync(max: number, options: SyncOptions = NO_OPTIONS): (T | Missing)[] {
    checkCount("getManySync: max", max, 1);
    const items: (T | Missing)[] = [];
    const timeout = checkGetOptions("getManySync", options);
    const status = this.#waits.getting.untilSync(timeout, (wait) => this.#taker.many(items, max, wait));
    checkGot(this, status, timeout);
    return items;
  }

  /**
   * Ends the queue for producers at once, and for consumers when it is empty (CPython: `queue.Queue.shutdown`).
   *
   * @param options `immediate: true` drops the items in it. Default: false.
   * @throws QueueNotFoundError the queue was closed
   * @example
   * const queue = createQueue<number>();
   * queue.putNowait(1);
   * queue.shutdown();
   * for await (const item of queue) console.log(item); // 1
   */
  shutdown(options: { immediate?: boolean | undefined } = {}): void {
    const immediate = isImmediate(options);
    checkStatus(this, shutdownQueue(this.#rt.m, this.#pointer, immediate), "shut down");
    if (immediate) collectCarried(this.#rt, this.#pointer);
  }

  /**
   * Ends the queue at once: its items are dropped, and waiters and later operations get QueueNotFoundError.
   *
   * @throws QueueNotFoundError it was closed already
   * @example
   * const queue = createQueue<number>();
   * queue.close();
   * console.log(listQueues().includes(queue)); // false
   */
  close(): void {
    checkStatus(this, closeQueue(this.#rt.m, this.#pointer), "close");
    collectCarried(this.#rt, this.#pointer);
  }

  /** `for await`: gets item by item until the queue is shut down and empty. @throws as `get` */
  [Symbol.asyncIterator](): AsyncGenerator<T | Missing, void, undefined> {
    return untilShutDown(this);
  }

  get [Symbol.toStringTag](): string {
    return `Queue ${this.id}`;
  }

  #tryPut(message: Message, options: PutOptions, wait: boolean, moves: ItemMoves | undefined): number {
    const unbound = unboundOr(options.unboundItems, this.#unbound);
    return putItem(this.#rt, this.#pointer, message, wait, unbound, moves);
  }
}

/** Returns this thread's one object for a queue to which it holds a handle. */
export function bind<T>(pointer: Pointer, id: QueueId): Queue<T> {
  const same = handles.get(id);
  if (same !== undefined) return same as Queue<T>;
  binding = { pointer, id };
  return new Queue<T>(id);
}

registerReference<Queue>({
  kind: REF_QUEUE,
  is: (value): value is Queue => value instanceof Queue,
  toReference: (queue) => [pointerOf(queue), queue.id],
  fromReference: (pointer, id) => bind(pointer as Pointer, id as QueueId),
});
