/** The public `RLock`. */
import { ownOptions } from "../base/check.js";
import { isMutexHeld, relockMutex, takeAbandoned, unlockMutex, unnestMutex } from "../kernel/mutex.js";
import { OK, SYNC_RLOCK } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import { Held } from "./held.js";
import { Mutex } from "./mutex.js";
import { checkWait, type CoordinationOptions, NO_OPTIONS } from "./options.js";
import { notHeld, place, registerSync, SyncObject, type Wait, waitOf } from "./sync-object.js";

export let mutexOfRLock: (lock: RLock) => Mutex;

/**
 * A lock that its owner may acquire again, and must release as often (CPython: `threading.RLock`). As `Lock`, it may be sent like any value,
 * is acquired in turn, and goes on when its owner dies.
 *
 * The owner is the interpreter. So it protects interpreters from each other, and functions that lock may call each other; but tasks on one
 * event loop share it: while one holds it across an `await`, another may acquire it, too. Where they must exclude each other, take `Lock`.
 *
 * @throws InterpreterError the shared memory is full (`ERR_INTERPRETER_MEMORY`), or as `getCurrent`
 * @example
 * const lock = new RLock();
 * {
 *   using outer = lock.acquireSync();
 *   using inner = lock.acquireSync();
 * }
 * console.log(lock.locked()); // false
 */
export class RLock extends SyncObject {
  readonly #mutex: Mutex;

  static {
    mutexOfRLock = (lock) => lock.#mutex;
  }

  constructor() {
    const where = place("lock", SYNC_RLOCK);
    super(where);
    this.#mutex = new Mutex(runtime(), where.pointer, `acquire lock ${this.id}`, true);
    Object.freeze(this);
  }

  /**
   * Acquires the lock, and waits for it if another interpreter holds it (CPython: `acquire`).
   *
   * @param options `timeout` and `signal`
   * @returns the hold, which must be released: by `await using`, its `release()`, or `release()` of the lock
   * @throws TypeError, RangeError a bad option; TimeoutError (a `DOMException`) not within `timeout`; the signal's reason. All as a rejection.
   * @example
   * const lock = new RLock();
   * await using _ = await lock.acquire({ timeout: 1000 });
   * console.log(lock.locked()); // true
   */
  async acquire(options: CoordinationOptions = NO_OPTIONS): Promise<Held> {
    const timeout = checkWait("acquire", options);
    if (!this.#take()) await this.#mutex.wait(timeout, ownOptions(options).signal);
    return this.#held();
  }

  /**
   * Like `acquire`, but blocks this thread.
   *
   * @throws as `acquire`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without `timeout`, if the wait could never end
   * @example
   * using _ = new RLock().acquireSync();
   */
  acquireSync(options: CoordinationOptions = NO_OPTIONS): Held {
    const timeout = checkWait("acquireSync", options);
    if (!this.#take()) this.#mutex.waitSync(timeout);
    return this.#held();
  }

  /**
   * Acquires the lock unless another interpreter holds it now (CPython: `acquire(blocking=False)`).
   *
   * @returns undefined if another does
   * @example
   * const lock = new RLock();
   * console.log(lock.tryAcquire() !== undefined, lock.tryAcquire() !== undefined); // true true
   */
  tryAcquire(): Held | undefined {
    return this.#take() ? this.#held() : undefined;
  }

  /**
   * Releases the lock once (CPython: `release`). After as many releases as acquires the next one that waits has it.
   *
   * @throws InterpreterError (`ERR_NOT_HELD`) this interpreter does not hold it
   * @example
   * const lock = new RLock();
   * lock.acquireSync();
   * lock.release();
   */
  release(): void {
    const { rt, pointer } = this.#mutex;
    const { m } = rt;
    if (unnestMutex(m, pointer)) return;
    if (unlockMutex(m, pointer) !== OK) throw notHeld(`release lock ${this.id}`, rt, "does not hold it");
    this.#mutex.released();
  }

  /** Whether any interpreter holds the lock now (CPython 3.14: `locked`). */
  locked(): boolean {
    return isMutexHeld(this.#mutex.rt.m, this.#mutex.pointer);
  }

  /** @internal */
  [waitOf](): Wait<Held> {
    return this.#mutex.waitOf(() => this.#held());
  }

  get [Symbol.toStringTag](): string {
    return `RLock ${this.id}`;
  }

  #take(): boolean {
    return this.#mutex.take() || relockMutex(this.#mutex.rt.m, this.#mutex.pointer);
  }

  #held(): Held {
    const { rt, pointer } = this.#mutex;
    return new Held(this, takeAbandoned(rt.m, pointer));
  }
}

registerSync(SYNC_RLOCK, RLock);
