/** The public `Lock`. */
import { ownOptions } from "../base/check.js";
import { isMutexHeld, takeAbandoned, unlockMutex } from "../kernel/mutex.js";
import { OK, SYNC_LOCK } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import { endHold, Held } from "./held.js";
import { Mutex } from "./mutex.js";
import { checkWait, type CoordinationOptions, NO_OPTIONS } from "./options.js";
import { notHeld, place, registerSync, SyncObject, type Wait, waitOf } from "./sync-object.js";

/** The kernel's lock of a `Lock`, and what its last acquire returned, which a `Condition` puts aside while it waits. */
export let mutexOfLock: (lock: Lock) => Mutex;
export let currentHold: (lock: Lock) => Held | undefined;
export let setCurrentHold: (lock: Lock, held: Held | undefined) => void;

/**
 * A lock that one interpreter at a time can hold (CPython: `threading.Lock`). It lies in shared memory and may be sent like any value: as an
 * argument, a result, an item of a queue, with `prepareMain`, or inside of other values.
 *
 * - Acquiring and releasing a free lock takes about 30 ns. Interpreters that must wait get the lock in turn; nothing polls.
 * - It belongs to the interpreter that acquired it, and only that one can release it. (In CPython, any thread can.) Tasks on one event loop
 *   exclude each other as well: the second waits until the first has released it.
 * - If its owner dies, the next one gets it, and its `Held` says so: `abandoned`.
 * - A blocking acquire that could never end throws at once: if this interpreter holds the lock already, or in a circle of interpreters that
 *   are blocked and wait for each other, by locks or by blocking calls.
 *
 * @throws InterpreterError the shared memory is full (`ERR_INTERPRETER_MEMORY`), or as `getCurrent`
 * @example
 * const lock = new Lock();
 * const counter = new Int32Array(new SharedArrayBuffer(4));
 * await using interp = create();
 * await interp.call((lock: Lock, counter: Int32Array) => {
 *   lock.acquireSync();
 *   counter[0]++;
 *   lock.release();
 * }, lock, counter);
 * {
 *   await using _ = await lock.acquire();
 *   console.log(counter[0]); // 1
 * }
 */
export class Lock extends SyncObject {
  readonly #mutex: Mutex;
  /** The result of the last acquire, until it is released. */
  #current: Held | undefined;

  static {
    mutexOfLock = (lock) => lock.#mutex;
    currentHold = (lock) => lock.#current;
    setCurrentHold = (lock, held) => {
      lock.#current = held;
    };
  }

  constructor() {
    const where = place("lock", SYNC_LOCK);
    super(where);
    this.#mutex = new Mutex(runtime(), where.pointer, `acquire lock ${this.id}`, false);
    Object.freeze(this);
  }

  /**
   * Acquires the lock, and waits for it if it is held (CPython: `acquire`).
   *
   * @param options `timeout` and `signal`
   * @returns the hold, which must be released: by `await using`, its `release()`, or `release()` of the lock
   * @throws TypeError, RangeError a bad option; TimeoutError (a `DOMException`) not within `timeout`; the signal's reason. All as a rejection.
   * @example
   * const lock = new Lock();
   * await using _ = await lock.acquire({ timeout: 1000 });
   * console.log(lock.locked()); // true
   */
  async acquire(options: CoordinationOptions = NO_OPTIONS): Promise<Held> {
    const timeout = checkWait("acquire", options);
    if (!this.#mutex.take()) await this.#mutex.wait(timeout, ownOptions(options).signal);
    return this.#held();
  }

  /**
   * Like `acquire`, but blocks this thread.
   *
   * @throws as `acquire`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without `timeout`, if the wait could never end
   * @example
   * const lock = new Lock();
   * using _ = lock.acquireSync();
   * console.log(lock.locked()); // true
   */
  acquireSync(options: CoordinationOptions = NO_OPTIONS): Held {
    const timeout = checkWait("acquireSync", options);
    if (!this.#mutex.take()) this.#mutex.waitSync(timeout);
    return this.#held();
  }

  /**
   * Acquires the lock if it is free now (CPython: `acquire(blocking=False)`).
   *
   * @returns undefined if it is not
   * @example
   * const lock = new Lock();
   * using first = lock.tryAcquire();
   * console.log(first !== undefined, lock.tryAcquire()); // true undefined
   */
  tryAcquire(): Held | undefined {
    return this.#mutex.take() ? this.#held() : undefined;
  }

  /**
   * Releases the lock (CPython: `release`). The next one that waits has it at once.
   *
   * @throws InterpreterError (`ERR_NOT_HELD`) this interpreter does not hold it
   * @example
   * const lock = new Lock();
   * lock.acquireSync();
   * lock.release();
   */
  release(): void {
    const { rt, pointer } = this.#mutex;
    const { m } = rt;
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) endHold(current);
    if (unlockMutex(m, pointer) !== OK) throw notHeld(`release lock ${this.id}`, rt, "does not hold it");
    this.#mutex.released();
  }

  /** Whether any interpreter holds the lock now (CPython: `locked`). */
  locked(): boolean {
    return isMutexHeld(this.#mutex.rt.m, this.#mutex.pointer);
  }

  /** @internal */
  [waitOf](): Wait<Held> {
    return this.#mutex.waitOf(() => this.#held());
  }

  get [Symbol.toStringTag](): string {
    return `Lock ${this.id}`;
  }

  #held(): Held {
    const { rt, pointer } = this.#mutex;
    return (this.#current = new Held(this, takeAbandoned(rt.m, pointer)));
  }
}

registerSync(SYNC_LOCK, Lock);
