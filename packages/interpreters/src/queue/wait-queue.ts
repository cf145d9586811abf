/**
 * The waiters of this thread for one queue, in one direction (to get, or to put), on the event loop and blocking.
 *
 * They share this interpreter's one bit in the queue's set of waiters, and are served in the order in which they came. When the last
 * one leaves, it clears the bit; if a ring came too late for it, `stopWaiting` passes the ring on to another interpreter.
 */
import type { Pointer } from "../memory/brands.js";
import { Q_GETTERS, type Q_PUTTERS, STATUS_EMPTY, STATUS_FULL } from "../memory/layout.js";
import { onAbort } from "../base/abort.js";
import type { Runtime } from "../thread/runtime.js";
import { lookForRecord } from "../kernel/queues.js";
import { isWaiting, stopWaiting } from "../kernel/waiters.js";
import { startTimer, stopTimer } from "../base/timer.js";

/** Tries to put or get, and returns a status. A failed try must set this interpreter's bit. */
type Attempt = () => number;

/** One waiter on the event loop. `attempt` tries once; it returns true if it settled the waiter, and otherwise has set the bit. */
interface Waiter {
  attempt(): boolean;
}

export class WaitQueue {
  readonly #rt: Runtime;
  readonly #pointer: Pointer;
  readonly #list: typeof Q_GETTERS | typeof Q_PUTTERS;
  /** The status of a failed try: STATUS_EMPTY or STATUS_FULL. */
  readonly #notYet: number;
  readonly #waiters: Waiter[] = [];

  constructor(rt: Runtime, pointer: Pointer, list: typeof Q_GETTERS | typeof Q_PUTTERS) {
    this.#rt = rt;
    this.#pointer = pointer;
    this.#list = list;
    this.#notYet = list === Q_GETTERS ? STATUS_EMPTY : STATUS_FULL;
  }

  /** Returns undefined if one that comes now may try at once. Earlier waiters come first: while there are any, its status is that of a failed try. */
  first(): number | undefined {
    this.poll();
    return this.#waiters.length > 0 ? this.#notYet : undefined;
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

  /** As `wait`, but blocks this thread. The wait is also over when `ended` returns true, which is asked whenever something has come. */
  waitSync(timeout: number, attempt: Attempt, ended?: () => boolean): number {
    let status = this.#notYet;
    if (this.#list === Q_GETTERS && lookForRecord(this.#rt.m, this.#pointer)) {
      status = attempt();
      if (status !== this.#notYet) return status;
    }
    let enlisted = false;
    try {
      this.#rt.blockUntil(() => {
        if (ended?.() === true) return true;
        if (enlisted && isWaiting(this.#rt.m, this.#pointer, this.#list)) return false;
        enlisted = true;
        status = attempt();
        return status !== this.#notYet;
      }, timeout);
    } finally {
      this.#restore();
    }
    return status;
  }

  /** Serves the waiters if a ring has cleared the bit. */
  readonly poll = (): void => {
    if (this.#waiters.length > 0 && !isWaiting(this.#rt.m, this.#pointer, this.#list)) this.#retry();
  };

  #wait(timeout: number, signal: AbortSignal | undefined, attempt: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (): void => {
        settled = true;
        stopTimer(timer);
        stopListening?.();
      };
      const waiter: Waiter = {
        attempt() {
          try {
            if (!attempt()) return false;
            resolve();
          } catch (error) {
            reject(error);
          }
          settle();
          return true;
        },
      };
      const onTimeout = (): void => {
        // The item or the room may have come in time, while this event loop was busy.
        this.poll();
        if (settled) return;
        settle();
        this.#remove(waiter);
        resolve();
      };
      const timer = startTimer(timeout, onTimeout);
      const stopListening =
        signal &&
        onAbort(signal, () => {
          settle();
          this.#remove(waiter);
          reject(signal.reason);
        });
      this.#add(waiter);
    });
  }

  #add(waiter: Waiter): void {
    this.#waiters.push(waiter);
    this.#rt.ref();
    if (this.#waiters.length === 1) {
      this.#rt.addPoller(this.poll);
      this.#retry();
    }
  }

  /** Removes a waiter that its time limit or its signal has settled. */
  #remove(waiter: Waiter): void {
    const i = this.#waiters.indexOf(waiter);
    if (i === -1) return;
    this.#waiters.splice(i, 1);
    this.#rt.unref();
    this.#rest();
  }

  /** Tries for each waiter in turn, until one must go on waiting. */
  #retry(): void {
    while (this.#waiters.length > 0 && this.#waiters[0].attempt()) {
      this.#waiters.shift();
      this.#rt.unref();
    }
    this.#rest();
  }

  /** A blocking operation of this thread is done with the queue. It may have set or used up the bit that all waiters share. */
  #restore(): void {
    if (this.#waiters.length > 0) this.#retry();
    else stopWaiting(this.#rt.m, this.#pointer, this.#list);
  }

  #rest(): void {
    if (this.#waiters.length > 0) return;
    this.#rt.removePoller(this.poll);
    stopWaiting(this.#rt.m, this.#pointer, this.#list);
  }
}
