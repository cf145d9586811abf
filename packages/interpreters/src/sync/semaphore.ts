/** The public `Semaphore` and `BoundedSemaphore`. */
import { checkCount, ownOptions } from "../base/check.js";
import { releaseOf } from "../kernel/deadlock.js";
import {
  acquirePermit,
  freePermits,
  MOST_PERMITS,
  permitsOf,
  releasePermits,
  takeAbandonedPermit,
} from "../kernel/semaphores.js";
import { stopWaitingForSync } from "../kernel/sync-objects.js";
import type { Pointer } from "../memory/brands.js";
import {
  ANYONE_SYNC,
  OK,
  Q_GETTERS,
  STATUS_FULL,
  STATUS_NOT_HELD,
  SYNC_BOUNDED,
  SYNC_SEMAPHORE,
} from "../memory/layout.js";
import { WaitQueue } from "../queue/wait-queue.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { AnyoneWait, RevocableWait } from "../thread/waits.js";
import { Held } from "./held.js";
import { checkWait, type CoordinationOptions, NO_OPTIONS } from "./options.js";
import {
  boundPlace,
  notHeld,
  place,
  registerSync,
  SyncObject,
  type Wait,
  waitedTooLong,
  waitOf,
} from "./sync-object.js";

const waitsForPermit = { excludes: true, stop: stopWaitingForSync, look: () => false };

/**
 * A number of permits: `acquire` takes one and waits without any, `release` gives one back or adds one (CPython:
 * `threading.Semaphore`). It may be sent like any value.
 *
 * - Any interpreter may release, also one that has acquired nothing: as a signal for another. For resources that must not be used by
 *   more at a time, take `BoundedSemaphore`.
 * - If an interpreter dies, the permits that it had acquired and not released come back, but never so many that there are more than at
 *   first: what `release` added beyond that were signals, and a signal is used up by its acquire. Who gets one of them sees whose
 *   it was: `abandoned`.
 *
 * @throws TypeError, RangeError `value` is not an integer from 0 to 2^31 - 1; InterpreterError the shared memory is full
 * (`ERR_INTERPRETER_MEMORY`), or as `getCurrent`
 * @example
 * const items = new Semaphore(0);
 * await using interp = create();
 * const call = interp.call((items: Semaphore) => void items.acquireSync(), items);
 * items.release();
 * await call;
 * console.log(items.value); // 0
 */
export class Semaphore extends SyncObject {
  readonly #rt: Runtime;
  readonly #pointer: Pointer;
  readonly #waiting: WaitQueue;
  readonly #bounded: boolean;
  readonly #attempt = (): number => acquirePermit(this.#rt.m, this.#pointer, true);

  /** @param value how many permits there are at first. Default: 1. */
  constructor(value = 1) {
    const bounded = new.target === BoundedSemaphore || new.target.prototype instanceof BoundedSemaphore;
    if (boundPlace() === undefined) checkPermits("a semaphore's value", value, 0);
    const where = place("semaphore", bounded ? SYNC_BOUNDED : SYNC_SEMAPHORE, value, value);
    super(where);
    this.#bounded = bounded;
    this.#rt = runtime();
    this.#pointer = where.pointer;
    this.#waiting = new WaitQueue(this.#rt, where.pointer, Q_GETTERS, waitsForPermit);
    // Maps the words of the slots.
    permitsOf(this.#rt.m, where.pointer, this.#rt.m.slot);
    Object.freeze(this);
  }

  /** How many permits are free now. */
  get value(): number {
    return freePermits(this.#rt.m, this.#pointer);
  }

  /**
   * Acquires a permit, and waits for one if none is free (CPython: `acquire`).
   *
   * @param options `timeout` and `signal`
   * @returns the hold of the permit; `await using` releases it at the end of the block
   * @throws TypeError, RangeError a bad option; TimeoutError (a `DOMException`) not within `timeout`; the signal's reason. All as a rejection.
   * @example
   * const semaphore = new Semaphore(2);
   * await using _ = await semaphore.acquire({ timeout: 1000 });
   * console.log(semaphore.value); // 1
   */
  async acquire(options: CoordinationOptions = NO_OPTIONS): Promise<Held> {
    const timeout = checkWait("acquire", options);
    let status = this.#now();
    if (this.#waiting.mustWait(status, timeout))
      status = await this.#waiting.wait(timeout, ownOptions(options).signal, this.#attempt);
    return this.#held(status, timeout);
  }

  /**
   * Like `acquire`, but blocks this thread.
   *
   * @throws as `acquire`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without `timeout`, if the wait could never end
   * @example
   * const semaphore = new Semaphore(2);
   * using _ = semaphore.acquireSync();
   * console.log(semaphore.value); // 1
   */
  acquireSync(options: CoordinationOptions = NO_OPTIONS): Held {
    const timeout = checkWait("acquireSync", options);
    let status = acquirePermit(this.#rt.m, this.#pointer, false);
    if (this.#waiting.mustWait(status, timeout)) status = this.#block(timeout);
    return this.#held(status, timeout);
  }

  /**
   * Acquires a permit if one is free now (CPython: `acquire(blocking=False)`).
   *
   * @returns undefined if none is
   * @example
   * console.log(new Semaphore(0).tryAcquire()); // undefined
   */
  tryAcquire(): Held | undefined {
    const status = this.#now();
    return status === OK ? this.#held(status, 0) : undefined;
  }

  /**
   * Releases permits (CPython: `release`). The next ones that wait have them at once.
   *
   * @param count how many, at least 1. Default: 1.
   * @throws TypeError, RangeError a bad `count`, or there would be 2^31 permits or more; InterpreterError (`ERR_NOT_HELD`) of a
   * `BoundedSemaphore`, this interpreter does not hold so many
   */
  release(count = 1): void {
    checkPermits("release: count", count, 1);
    const { m } = this.#rt;
    const status = releasePermits(m, this.#pointer, count);
    if (status === STATUS_NOT_HELD) {
      const held = permitsOf(m, this.#pointer, m.slot);
      throw notHeld(`release ${count} of semaphore ${this.id}`, this.#rt, `holds ${held}`);
    }
    if (status === STATUS_FULL) {
      throw new RangeError(
        `Cannot release ${count} of semaphore ${this.id}: it can have ${MOST_PERMITS} permits`,
      );
    }
    // One on this event loop need not wait for the doorbell.
    this.#waiting.poll();
  }

  /** @internal */
  [waitOf](): Wait<Held> {
    return {
      what: `acquire semaphore ${this.id}`,
      line: this.#waiting,
      attempt: (wait) => acquirePermit(this.#rt.m, this.#pointer, wait),
      outcome: () => this.#held(OK, 0),
      endless: () => this.#endless(),
    };
  }

  get [Symbol.toStringTag](): string {
    return `${this.#bounded ? "BoundedSemaphore" : "Semaphore"} ${this.id}`;
  }

  /** Takes a permit unless earlier ones on this event loop wait for one. */
  #now(): number {
    return this.#waiting.first() ?? acquirePermit(this.#rt.m, this.#pointer, false);
  }

  #block(timeout: number): number {
    return this.#waiting.waitSync(timeout, this.#attempt, this.#endless());
  }

  #endless(): RevocableWait {
    const what = `acquire semaphore ${this.id}`;
    if (this.#bounded) return new RevocableWait(this.#rt, what, releaseOf(this.#pointer));
    // Without a bound, any interpreter may release a permit.
    return new AnyoneWait(this.#rt, what, ANYONE_SYNC, this.#pointer);
  }

  #held(status: number, timeout: number): Held {
    if (status !== OK) throw waitedTooLong(`acquire semaphore ${this.id}`, timeout);
    return new Held(this, takeAbandonedPermit(this.#rt.m, this.#pointer));
  }
}

/**
 * Permits for resources that must not be used by more at a time: connections, licences, slots of a service (CPython:
 * `threading.BoundedSemaphore`). As `Semaphore`, but
 *
 * - a permit belongs to the interpreter that acquired it, and only that one can release it. (CPython only checks that there are never more
 *   than at first.)
 * - If that interpreter dies, all its permits come back, exactly.
 * - A blocking acquire that could never end throws at once, as for `Lock`.
 *
 * @example
 * const connections = new BoundedSemaphore(10);
 * {
 *   await using _ = await connections.acquire();
 *   console.log(connections.value); // 9
 * }
 * console.log(connections.value); // 10
 */
export class BoundedSemaphore extends Semaphore {}

function checkPermits(what: string, value: unknown, least: number): void {
  checkCount(what, value, least);
  if (value > MOST_PERMITS) throw new RangeError(`${what} must be below 2 ** 31, found ${value}`);
}

registerSync(SYNC_SEMAPHORE, Semaphore);
registerSync(SYNC_BOUNDED, BoundedSemaphore);
