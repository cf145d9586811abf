/** The public `Condition`. */
import { checkCount, ownOptions, show } from "../base/check.js";
import { clock } from "../base/clock.js";
import { InterpreterError } from "../base/errors.js";
import { promiseOf } from "../base/thenable.js";
import {
  attachLock,
  beginWait,
  cancelWait,
  holdLockOf,
  lockIdOf,
  NO_SENDER,
  notifyWaits,
  takeNotification,
} from "../kernel/conditions.js";
import { makeOutgoing } from "../kernel/outgoing.js";
import { stopWaitingForSync } from "../kernel/sync-objects.js";
import type { Pointer } from "../memory/brands.js";
import { ANYONE_SYNC, OK, Q_GETTERS, SYNC_CONDITION } from "../memory/layout.js";
import { spaceOf } from "../memory/space.js";
import { WaitQueue } from "../queue/wait-queue.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { AnyoneWait } from "../thread/waits.js";
import { memoryFull } from "../wire/status-error.js";
import { endHold, type Held } from "./held.js";
import { currentHold, Lock, mutexOfLock, setCurrentHold } from "./lock.js";
import type { Mutex } from "./mutex.js";
import { checkWait, type CoordinationOptions, NO_OPTIONS } from "./options.js";
import { mutexOfRLock, RLock } from "./rlock.js";
import {
  bind,
  boundPlace,
  notHeld,
  place,
  placeOf,
  registerSync,
  SyncObject,
  waitedTooLong,
} from "./sync-object.js";

const waitsForNotification = { excludes: false, stop: stopWaitingForSync, look: () => false };

/** How `Condition.wait` ended. */
export interface Notified {
  /** The id of an interpreter that died holding the condition's lock while this one waited, as `Held.abandoned`. */
  readonly abandoned: number | undefined;
}

/**
 * Waits for changes of what a lock protects (CPython: `threading.Condition`). It may be sent like any value, and its lock goes with it.
 *
 * - `wait` releases the lock, waits to be notified, and acquires the lock again, also before it fails. As another may have been faster, look
 *   again whether the condition holds; `waitFor` does so.
 * - `notify` lets one go on, in turn, `notifyAll` all that wait at that moment. No notification is lost: if its waiter gives up or dies,
 *   it goes to the next.
 *
 * @throws TypeError `lock` is no lock; InterpreterError the shared memory is full (`ERR_INTERPRETER_MEMORY`), or as `getCurrent`
 * @example
 * const changed = new Condition();
 * let ready = false;
 * const waiting = (async () => {
 *   await using _ = await changed.acquire();
 *   await changed.waitFor(() => ready);
 * })();
 * {
 *   await using _ = await changed.acquire();
 *   ready = true;
 *   changed.notifyAll();
 * }
 * await waiting;
 */
export class Condition extends SyncObject {
  readonly #rt: Runtime;
  readonly #pointer: Pointer;
  readonly #waiting: WaitQueue;
  readonly #mutex: Mutex;
  readonly #attempt = (): number => takeNotification(this.#rt.m, this.#pointer);
  /** The lock that belongs to it. */
  readonly lock: Lock | RLock;

  /**
   * @param lock a lock that may have other uses. Default: a new `Lock`. (CPython: an `RLock`. Tasks on one event loop share that, and a `wait`
   * releases it for all of them: take one only where a single task of each interpreter uses it at a time.)
   */
  constructor(lock?: Lock | RLock) {
    const rt = runtime();
    const bound = boundPlace();
    let own = lock;
    if (bound === undefined) {
      if (own === undefined) own = new Lock();
      if (!(own instanceof Lock) && !(own instanceof RLock))
        throw new TypeError(`A condition's lock must be a Lock or RLock, found ${show(lock)}`);
    }
    const itsLock = own && placeOf(own);
    const where = place("condition", SYNC_CONDITION, itsLock?.pointer, itsLock?.id);
    super(where);
    this.#rt = rt;
    this.#pointer = where.pointer;
    if (own === undefined)
      this.lock = bind(rt, holdLockOf(rt.m, where.pointer), lockIdOf(rt.m, where.pointer)) as Lock | RLock;
    else {
      this.lock = own;
      const record = makeOutgoing(spaceOf(Buffer.alloc(4)));
      record.sender = NO_SENDER;
      if (attachLock(rt.m, where.pointer, record) !== OK) throw memoryFull("create a condition");
    }
    this.#mutex = this.lock instanceof Lock ? mutexOfLock(this.lock) : mutexOfRLock(this.lock);
    this.#waiting = new WaitQueue(rt, where.pointer, Q_GETTERS, waitsForNotification);
    Object.freeze(this);
  }

  /**
   * Acquires the condition's lock (CPython: `acquire`). See `Lock.acquire`.
   *
   * @throws as `Lock.acquire`
   * @example
   * const condition = new Condition();
   * await using _ = await condition.acquire();
   */
  acquire(options?: CoordinationOptions): Promise<Held> {
    return this.lock.acquire(options);
  }

  /**
   * Like `acquire`, but blocks this thread.
   *
   * @throws as `Lock.acquireSync`
   * @example
   * const condition = new Condition();
   * using _ = condition.acquireSync();
   */
  acquireSync(options?: CoordinationOptions): Held {
    return this.lock.acquireSync(options);
  }

  /**
   * Releases the condition's lock (CPython: `release`).
   *
   * @throws InterpreterError (`ERR_NOT_HELD`) this interpreter does not hold it
   * @example
   * const condition = new Condition();
   * condition.acquireSync();
   * condition.release();
   */
  release(): void {
    this.lock.release();
  }

  /**
   * Releases the lock, waits until it is notified, and acquires the lock again (CPython: `wait`).
   *
   * @param options `timeout` and `signal`. Acquiring the lock again may take longer.
   * @throws TypeError, RangeError a bad option; InterpreterError (`ERR_NOT_HELD`) this interpreter does not hold the lock; TimeoutError (a
   * `DOMException`) not notified within `timeout`; the signal's reason. All as a rejection.
   * @example
   * const condition = new Condition();
   * await using _ = await condition.acquire();
   * const error = await condition.wait({ timeout: 10 }).catch((reason) => reason);
   * console.log(error.name); // TimeoutError
   */
  async wait(options: CoordinationOptions = NO_OPTIONS): Promise<Notified> {
    await this.#wait(checkWait("wait", options), ownOptions(options).signal);
    return this.#notified();
  }

  async #wait(timeout: number, signal: AbortSignal | undefined): Promise<void> {
    const aside = this.#begin(timeout);
    let notified = false;
    try {
      notified = (await this.#waiting.wait(timeout, signal, this.#attempt)) === OK;
    } finally {
      if (!notified) cancelWait(this.#rt.m, this.#pointer);
      await this.#mutex.resume(aside.depth);
      this.#resumed(aside.held);
    }
    if (!notified) throw waitedTooLong(`wait for condition ${this.id}`, timeout);
  }

  /**
   * Like `wait`, but blocks this thread.
   *
   * @throws as `wait`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without `timeout`, if no interpreter could ever notify it, or if acquiring the
   * lock again could never end; it is not held then
   * @example
   * const condition = new Condition();
   * using _ = condition.acquireSync();
   * await using interp = create();
   * const call = interp.call((condition: Condition) => {
   *   condition.acquireSync();
   *   condition.notify();
   *   condition.release();
   * }, condition);
   * condition.waitSync();
   * await call;
   */
  waitSync(options: CoordinationOptions = NO_OPTIONS): Notified {
    this.#waitSync(checkWait("waitSync", options));
    return this.#notified();
  }

  #endless(): AnyoneWait {
    return new AnyoneWait(this.#rt, `wait for condition ${this.id}`, ANYONE_SYNC, this.#pointer);
  }

  #waitSync(timeout: number): void {
    const { depth, held } = this.#begin(timeout);
    let notified = false;
    try {
      notified = this.#waiting.waitSync(timeout, this.#attempt, this.#endless()) === OK;
    } finally {
      if (!notified) cancelWait(this.#rt.m, this.#pointer);
      this.#resumeSync(depth, held);
    }
    if (!notified) throw waitedTooLong(`wait for condition ${this.id}`, timeout);
  }

  /**
   * Waits until `predicate` returns something true, which it looks at first, and again after each notification (CPython: `wait_for`). The lock
   * is held whenever it is called. It does not report that an interpreter died with the lock: the next hold has that in `abandoned`. A loop around
   * `wait` does report it.
   *
   * @param predicate must return its result at once, and no promise
   * @param options `timeout` of all waits together, and `signal`
   * @returns what `predicate` returned
   * @throws as `wait`; what `predicate` throws; TypeError it returned a promise
   * @example
   * const condition = new Condition();
   * await using _ = await condition.acquire();
   * console.log(await condition.waitFor(() => "there")); // there
   */
  async waitFor<T>(predicate: () => T, options: CoordinationOptions = NO_OPTIONS): Promise<T> {
    const timeout = checkWait("waitFor", options);
    this.#checkHeld("wait for");
    const deadline = clock() + timeout;
    for (;;) {
      const value = resultOf("waitFor", predicate);
      if (value) return value;
      await this.#wait(this.#left(deadline, timeout), ownOptions(options).signal);
    }
  }

  /**
   * Like `waitFor`, but blocks this thread.
   *
   * @throws as `waitSync`; what `predicate` throws
   * @example
   * const condition = new Condition();
   * using _ = condition.acquireSync();
   * console.log(condition.waitForSync(() => "there")); // there
   */
  waitForSync<T>(predicate: () => T, options: CoordinationOptions = NO_OPTIONS): T {
    const timeout = checkWait("waitForSync", options);
    this.#checkHeld("wait for");
    const deadline = clock() + timeout;
    for (;;) {
      const value = resultOf("waitForSync", predicate);
      if (value) return value;
      this.#waitSync(this.#left(deadline, timeout));
    }
  }

  /**
   * Lets those go on that wait, in turn, as many as `count` (CPython: `notify`). They go on when this interpreter has released the lock.
   *
   * @param count at least 1. Default: 1.
   * @throws TypeError, RangeError a bad `count`; InterpreterError (`ERR_NOT_HELD`) this interpreter does not hold the lock
   * @example
   * const condition = new Condition();
   * using _ = condition.acquireSync();
   * condition.notify();
   */
  notify(count = 1): void {
    checkCount("notify: count", count, 1);
    this.#checkHeld("notify");
    notifyWaits(this.#rt.m, this.#pointer, count);
    this.#waiting.poll();
  }

  /**
   * Lets all go on that wait (CPython: `notify_all`).
   *
   * @throws InterpreterError (`ERR_NOT_HELD`) this interpreter does not hold the lock
   * @example
   * const condition = new Condition();
   * using _ = condition.acquireSync();
   * condition.notifyAll();
   */
  notifyAll(): void {
    this.notify(Number.MAX_SAFE_INTEGER);
  }

  get [Symbol.toStringTag](): string {
    return `Condition ${this.id}`;
  }

  #checkHeld(verb: string): void {
    if (!this.#mutex.held())
      throw notHeld(`${verb} condition ${this.id}`, this.#rt, `does not hold its lock (${this.lock.id})`);
  }

  /** Begins to wait, and releases the lock. Returns what is needed to hold it again as before. */
  #begin(timeout: number): { depth: number; held: Held | undefined } {
    this.#checkHeld("wait for");
    if (timeout === 0) throw waitedTooLong(`wait for condition ${this.id}`, 0);
    if (beginWait(this.#rt.m, this.#pointer) !== OK) {
      throw new InterpreterError(
        `Cannot wait for condition ${this.id}: too many tasks of interpreter ${this.#rt.id} wait for it already`,
        { code: "ERR_INTERPRETER_LIMIT" },
      );
    }
    const held = this.lock instanceof Lock ? currentHold(this.lock) : undefined;
    if (this.lock instanceof Lock) setCurrentHold(this.lock, undefined);
    return { depth: this.#mutex.suspend(), held };
  }

  #resumeSync(depth: number, held: Held | undefined): void {
    try {
      this.#mutex.resumeSync(depth);
      this.#resumed(held);
    } catch (error) {
      // The lock is not held again, so there is nothing to release at the end of the block.
      if (held !== undefined) endHold(held);
      throw error;
    }
  }

  #resumed(held: Held | undefined): void {
    if (this.lock instanceof Lock) setCurrentHold(this.lock, held);
  }

  /** How long a wait may still take. @throws TimeoutError (a `DOMException`) the time is up */
  #left(deadline: number, timeout: number): number {
    if (deadline === Infinity) return Infinity;
    const left = deadline - clock();
    if (left <= 0) throw waitedTooLong(`wait for condition ${this.id}`, timeout);
    return left;
  }

  /** Reports that the lock was abandoned. A wait that fails has no result to report it in, nor has `waitFor`: they leave it to the next owner. */
  #notified(): Notified {
    const abandoned = this.#mutex.takeAbandoned();
    return { abandoned: abandoned === -1 ? undefined : abandoned };
  }
}

/** What nothing awaits must be no unhandled rejection. */
async function ignore(promise: PromiseLike<unknown>): Promise<void> {
  try {
    await promise;
  } catch {}
}

/** Any promise counts as true, also one that comes to false. @throws TypeError */
function resultOf<T>(what: string, predicate: () => T): T {
  if (typeof predicate !== "function")
    throw new TypeError(`${what}: predicate must be a function, found ${show(predicate)}`);
  const value = predicate();
  const promise = promiseOf(value);
  if (promise === undefined) return value;
  void ignore(promise);
  throw new TypeError(
    `${what}: predicate returned a promise, but must return its result at once. Await what it needs before, or loop around wait()`,
  );
}

registerSync(SYNC_CONDITION, Condition);
