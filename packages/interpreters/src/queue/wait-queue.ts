/**
 * The waiters of this thread for one queue, in one direction (to get, or to put), on the event loop and blocking.
 *
 * They share this interpreter's one bit in the queue's set of waiters, and are served in the order in which they came. When the last
 * one leaves, it clears the bit; if a ring came too late for it, `stopWaiting` passes the ring on to another interpreter.
 */
import type { Pointer } from "../memory/brands.js";
import { Q_GETTERS, type Q_PUTTERS, STATUS_EMPTY, STATUS_FULL } from "../memory/layout.js";
import { onAbort } from "../base/abort.js";
import { Entry, leaveLine, Line } from "../base/line.js";
import type { Runtime } from "../thread/runtime.js";
import { lookForRecord } from "../kernel/queues.js";
import { isWaiting, stopWaiting } from "../kernel/waiters.js";
import { startTimer, stopTimer } from "../base/timer.js";

/** Tries to put or get, and returns a status. A failed try must set this interpreter's bit. */
type Attempt = () => number;

/** One waiter on the event loop. */
export abstract class Waiter extends Entry {
  /**
   * Tries once, in the waiter's turn. Returns true if it waits no more; otherwise it must have set the bit. It stands in no line meanwhile,
   * because decoding an item may run user code, which may poll.
   */
  abstract attempt(): boolean;
}

export class WaitQueue {
  readonly #rt: Runtime;
  readonly #pointer: Pointer;
  readonly #list: typeof Q_GETTERS | typeof Q_PUTTERS;
  /** The status of a failed try: STATUS_EMPTY or STATUS_FULL. */
  readonly #notYet: number;
  readonly #line = new Line<Waiter>();

  constructor(rt: Runtime, pointer: Pointer, list: typeof Q_GETTERS | typeof Q_PUTTERS) {
    this.#rt = rt;
    this.#pointer = pointer;
    this.#list = list;
    this.#notYet = list === Q_GETTERS ? STATUS_EMPTY : STATUS_FULL;
  }

  /** Returns undefined if one that comes now may try at once. Earlier waiters come first: while there are any, its status is that of a failed try. */
  first(): number | undefined {
    this.poll();
    return this.#line.first === undefined ? undefined : this.#notYet;
  }

  /** Whether `status` is that of a failed try. */
  failed(status: number): boolean {
    return status === this.#notYet;
  }

  /** Whether `status` is that of a failed try, and there is time to wait. */
  mustWait(status: number, timeout: number): boolean {
    return status === this.#notYet && timeout !== 0;
  }

  /**
   * Tries (`attempt(false)`), and waits if that fails (`attempt(true)`). Puts and gets of single items spell this out, and so allocate
   * neither a closure nor a second promise where the first try succeeds.
   */
  until(
    timeout: number,
    signal: AbortSignal | undefined,
    attempt: (wait: boolean) => number,
  ): number | Promise<number> {
    // The caller has checked it before it encoded a value, which runs user code.
    signal?.throwIfAborted();
    const status = this.first() ?? attempt(false);
    return this.mustWait(status, timeout) ? this.wait(timeout, signal, () => attempt(true)) : status;
  }

  /** As `until`, but blocks this thread. */
  untilSync(timeout: number, attempt: (wait: boolean) => number): number {
    const status = attempt(false);
    return this.mustWait(status, timeout) ? this.waitSync(timeout, () => attempt(true)) : status;
  }

  /**
   * Waits on the event loop until an attempt returns another status than STATUS_EMPTY or STATUS_FULL, or until the time limit. Returns
   * the last status. For one that may not try yet, or has tried in vain.
   */
  async wait(timeout: number, signal: AbortSignal | undefined, attempt: Attempt): Promise<number> {
    let status = this.#notYet;
    await this.#wait(timeout, signal, () => {
      status = attempt();
      return status !== this.#notYet;
    });
    return status;
  }

  /** As `wait`, but blocks this thread. */
  waitSync(timeout: number, attempt: Attempt): number {
    let status = this.#notYet;
    if (this.look()) {
      status = attempt();
      if (status !== this.#notYet) return status;
    }
    let enlisted = false;
    try {
      this.#rt.blockUntil(() => {
        if (enlisted && isWaiting(this.#rt.m, this.#pointer, this.#list)) return false;
        enlisted = true;
        status = attempt();
        return status !== this.#notYet;
      }, timeout);
    } finally {
      this.restore();
    }
    return status;
  }

  /** Looks for a moment whether it is worth to try before this thread enlists and sleeps (`lookForRecord`). */
  look(): boolean {
    return this.#list === Q_GETTERS && lookForRecord(this.#rt.m, this.#pointer);
  }

  /**
   * Whether a blocked operation of this thread should try: nobody in this thread stands before it, and it has not enlisted yet or was rung
   * since. When it is done with the queue, it must call `restore`.
   */
  mayTry(enlisted: boolean): boolean {
    return this.#line.first === undefined && !(enlisted && isWaiting(this.#rt.m, this.#pointer, this.#list));
  }

  /** A blocking operation of this thread is done with the queue. It may have set or used up the bit that all waiters share. */
  restore(): void {
    if (this.#line.first === undefined) stopWaiting(this.#rt.m, this.#pointer, this.#list);
    else this.#serve();
  }

  /** Serves the waiters if a ring has cleared the bit. */
  readonly poll = (): void => {
    if (this.#line.first !== undefined && !isWaiting(this.#rt.m, this.#pointer, this.#list)) this.#serve();
  };

  /** The waiter stands last in line from now on. The first one tries at once. */
  join(waiter: Waiter): void {
    const alone = this.#line.first === undefined;
    this.#line.push(waiter);
    this.#rt.ref();
    if (!alone) return;
    this.#rt.addPoller(this.poll);
    this.#serve();
  }

  /** Takes a waiter out of the line, if it still stands there. */
  leave(waiter: Waiter): void {
    if (!leaveLine(waiter)) return;
    this.#rt.unref();
    this.#rest();
  }

  #wait(timeout: number, signal: AbortSignal | undefined, attempt: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = new PromisedWaiter(attempt, resolve, reject, () => {
        stopTimer(timer);
        stopListening?.();
      });
      const onTimeout = (): void => {
        // The item or the room may have come in time, while this event loop was busy.
        this.poll();
        if (waiter.settle()) resolve();
        this.leave(waiter);
      };
      const timer = startTimer(timeout, onTimeout);
      const stopListening =
        signal &&
        onAbort(signal, () => {
          if (waiter.settle()) reject(signal.reason);
          this.leave(waiter);
        });
      this.join(waiter);
    });
  }

  /** Tries for each waiter in turn, until one must go on waiting. */
  #serve(): void {
    for (let waiter = this.#line.first; waiter !== undefined; waiter = this.#line.first) {
      leaveLine(waiter);
      let over = true;
      try {
        over = waiter.attempt();
      } finally {
        if (over) this.#rt.unref();
        else this.#line.unshift(waiter);
      }
      if (!over) break;
    }
    this.#rest();
  }

  #rest(): void {
    if (this.#line.first !== undefined) return;
    this.#rt.removePoller(this.poll);
    stopWaiting(this.#rt.m, this.#pointer, this.#list);
  }
}

/** Settles a promise, once. */
class PromisedWaiter extends Waiter {
  readonly #try: () => boolean;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #end: () => void;
  #settled = false;
  /** While it tries, neither its time limit nor its signal, which a decoder may abort, may take the item from it. */
  #trying = false;

  constructor(
    attempt: () => boolean,
    resolve: () => void,
    reject: (error: unknown) => void,
    end: () => void,
  ) {
    super();
    this.#try = attempt;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#end = end;
  }

  override attempt(): boolean {
    this.#trying = true;
    try {
      if (!this.#try()) return false;
      this.#resolve();
    } catch (error) {
      this.#reject(error);
    } finally {
      this.#trying = false;
    }
    this.settle();
    return true;
  }

  /** Returns whether the caller may settle the promise. */
  settle(): boolean {
    if (this.#settled || this.#trying) return false;
    this.#settled = true;
    this.#end();
    return true;
  }
}
