/** The public `Barrier`. */
import { checkCount, ownOptions } from "../base/check.js";
import { BrokenBarrierError } from "../base/errors.js";
import {
  abortBarrier,
  type Arrival,
  arriveAtBarrier,
  arrivedAt,
  awaitRound,
  breakerOf,
  giveUpRound,
  isBroken,
  partiesOf,
  resetBarrier,
} from "../kernel/barriers.js";
import { stopWaitingForSync } from "../kernel/sync-objects.js";
import type { Pointer } from "../memory/brands.js";
import { ANYONE_SYNC, OK, Q_GETTERS, STATUS_BROKEN, STATUS_EMPTY, SYNC_BARRIER } from "../memory/layout.js";
import { WaitQueue } from "../queue/wait-queue.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { AnyoneWait } from "../thread/waits.js";
import { checkWait, type CoordinationOptions, NO_OPTIONS } from "./options.js";
import { boundPlace, place, registerSync, SyncObject, waitedTooLong } from "./sync-object.js";

const waitsForRound = { excludes: false, stop: stopWaitingForSync, look: () => false };

/**
 * A place where a fixed number of parties wait for each other, again and again (CPython: `threading.Barrier`). It may be sent like any value.
 * A party is a caller of `wait`: an interpreter, or one of several tasks of it.
 *
 * The barrier breaks, and all that wait get a BrokenBarrierError, if one of them gives up (`timeout`, `signal`), if one calls `abort`, or if a
 * party dies: an interpreter that waits, or one that has waited since the last `reset` and dies in the middle of a call or task. An
 * interpreter that ends between its tasks is simply no party any more.
 *
 * @throws TypeError, RangeError `parties` is not an integer from 1 on; InterpreterError the shared memory is full
 * (`ERR_INTERPRETER_MEMORY`), or as `getCurrent`
 * @example
 * const barrier = new Barrier(2);
 * await using interp = create();
 * const call = interp.call((barrier: Barrier) => barrier.waitSync(), barrier);
 * const index = await barrier.wait();
 * console.log(index + (await call)); // 1
 */
export class Barrier extends SyncObject {
  readonly #rt: Runtime;
  readonly #pointer: Pointer;
  readonly #waiting: WaitQueue;
  /** How many parties it waits for (CPython: `parties`). */
  readonly parties: number;

  /** @param parties how many must come before all go on */
  constructor(parties: number) {
    if (boundPlace() === undefined) {
      checkCount("a barrier's parties", parties, 1);
      if (parties > 0x7fffffff)
        throw new RangeError(`a barrier's parties must be below 2 ** 31, found ${parties}`);
    }
    const where = place("barrier", SYNC_BARRIER, 0, parties);
    super(where);
    this.#rt = runtime();
    this.#pointer = where.pointer;
    this.parties = partiesOf(this.#rt.m, where.pointer);
    this.#waiting = new WaitQueue(this.#rt, where.pointer, Q_GETTERS, waitsForRound);
    Object.freeze(this);
  }

  /** How many wait now (CPython: `n_waiting`). */
  get nWaiting(): number {
    return arrivedAt(this.#rt.m, this.#pointer);
  }

  /** Whether it is broken (CPython: `broken`). */
  get broken(): boolean {
    return isBroken(this.#rt.m, this.#pointer);
  }

  /**
   * Waits until all parties have come (CPython: `wait`).
   *
   * @param options `timeout` and `signal`. If either ends the wait, the barrier breaks.
   * @returns a number from 0 to `parties` - 1, another one for each party of the round: the one that gets 0 may do what must be done once
   * (CPython: `action`)
   * @throws TypeError, RangeError a bad option; BrokenBarrierError; TimeoutError (a `DOMException`) not within `timeout`; the signal's reason. All
   * as a rejection.
   * @example
   * const barrier = new Barrier(3);
   * console.log((await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()])).sort()); // [ 0, 1, 2 ]
   */
  async wait(options: CoordinationOptions = NO_OPTIONS): Promise<number> {
    const timeout = checkWait("wait", options);
    const arrival: Arrival = { round: 0, index: 0 };
    let status = arriveAtBarrier(this.#rt.m, this.#pointer, arrival);
    try {
      if (this.#waiting.mustWait(status, timeout))
        status = await this.#waiting.wait(timeout, ownOptions(options).signal, this.#attempt(arrival));
    } catch (reason) {
      status = giveUpRound(this.#rt.m, this.#pointer, arrival.round);
      this.#waiting.poll();
      if (status !== OK) throw reason;
    }
    return this.#passed(status, arrival, timeout);
  }

  /**
   * Like `wait`, but blocks this thread.
   *
   * @throws as `wait`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without `timeout`, if the others could never come. The barrier breaks then.
   * @example
   * console.log(new Barrier(1).waitSync()); // 0
   */
  waitSync(options: CoordinationOptions = NO_OPTIONS): number {
    const timeout = checkWait("waitSync", options);
    const arrival: Arrival = { round: 0, index: 0 };
    let status = arriveAtBarrier(this.#rt.m, this.#pointer, arrival);
    try {
      if (this.#waiting.mustWait(status, timeout))
        status = this.#waiting.waitSync(timeout, this.#attempt(arrival), this.#endless());
    } catch (error) {
      status = giveUpRound(this.#rt.m, this.#pointer, arrival.round);
      this.#waiting.poll();
      if (status !== OK) throw error;
    }
    return this.#passed(status, arrival, timeout);
  }

  #endless(): AnyoneWait {
    return new AnyoneWait(this.#rt, `wait for barrier ${this.id}`, ANYONE_SYNC, this.#pointer);
  }

  /**
   * Breaks the barrier: those that wait, and all that come, get a BrokenBarrierError until `reset` (CPython: `abort`).
   *
   * @example
   * const barrier = new Barrier(2);
   * barrier.abort();
   * console.log(barrier.broken); // true
   */
  abort(): void {
    abortBarrier(this.#rt.m, this.#pointer);
    this.#waiting.poll();
  }

  /**
   * Makes the barrier whole and empty again, and forgets who its parties were. Those that wait get a BrokenBarrierError (CPython: `reset`).
   *
   * @example
   * const barrier = new Barrier(2);
   * barrier.abort();
   * barrier.reset();
   * console.log(barrier.broken); // false
   */
  reset(): void {
    resetBarrier(this.#rt.m, this.#pointer);
    this.#waiting.poll();
  }

  get [Symbol.toStringTag](): string {
    return `Barrier ${this.id}`;
  }

  #attempt({ round }: Arrival): () => number {
    return () => awaitRound(this.#rt.m, this.#pointer, round);
  }

  #passed(last: number, { round, index }: Arrival, timeout: number): number {
    const { m } = this.#rt;
    let status = last;
    let late = false;
    if (status === STATUS_EMPTY) {
      status = giveUpRound(m, this.#pointer, round);
      late = status === STATUS_EMPTY;
      this.#waiting.poll();
    } else if (status === OK) {
      // The last one to come lets those go on that wait on this event loop.
      this.#waiting.poll();
    }
    if (status === OK) return index;
    if (late) throw waitedTooLong(`wait at barrier ${this.id}`, timeout);
    const breaker = status === STATUS_BROKEN ? breakerOf(m, this.#pointer) : -1;
    throw new BrokenBarrierError(
      `Cannot wait at barrier ${this.id}: ` +
        (breaker === -1
          ? "it was broken, by a party that gave up, abort(), or reset()"
          : `interpreter ${breaker}, one of its parties, died`) +
        ". reset() makes it whole again.",
    );
  }
}

registerSync(SYNC_BARRIER, Barrier as unknown as new () => Barrier);
