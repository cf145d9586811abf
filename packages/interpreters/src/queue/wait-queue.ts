/**
 * Waiting of this thread on one queue, in one direction (to get, or to put), on the event loop and blocking.
 *
 * All of them share this interpreter's one bit on the queue's list. They are served first come, first served; when the
 * last is gone, the bit is taken back, and with it a ring that came too late is passed on to somebody else's.
 */
import type { SharedMemory } from "../memory/atomics.js";
import { Q_GETTERS, type Q_PUTTERS, STATUS_EMPTY, STATUS_FULL } from "../memory/layout.js";
import { onAbort } from "../base/abort.js";
import type { Runtime } from "../thread/runtime.js";
import { isWaiting, stopWaiting } from "../kernel/waiters.js";
import { startTimer, stopTimer } from "../base/timer.js";

/** Tries to put or get, with `wait` enlisting where it cannot; returns a status. */
export type Attempt = (wait: boolean) => number;

/** One waiter. `attempt` tries, enlisting where it must wait on; true: settled. */
interface Waiter {
  attempt(): boolean;
}

export class WaitQueue {
  readonly #rt: Runtime;
  readonly #m: SharedMemory;
  readonly #pointer: number;
  readonly #list: typeof Q_GETTERS | typeof Q_PUTTERS;
  /** The status that there is nothing to get, or no room to put. */
  readonly #notYet: number;
  readonly #waiters: Waiter[] = [];

  constructor(rt: Runtime, pointer: number, list: typeof Q_GETTERS | typeof Q_PUTTERS) {
    this.#rt = rt;
    this.#m = rt.m;
    this.#pointer = pointer;
    this.#list = list;
    this.#notYet = list === Q_GETTERS ? STATUS_EMPTY : STATUS_FULL;
  }

  /** Waits on the event loop until an attempt has another status than that it is too early; that one when time is over. */
  async until(timeout: number, signal: AbortSignal | undefined, attempt: Attempt): Promise<number> {
    // Whoever waits here already comes first.
    this.poll();
    let status = this.#waiters.length > 0 ? this.#notYet : attempt(false);
    if (status !== this.#notYet || timeout === 0) return status;
    await this.#wait(timeout, signal, () => {
      status = attempt(true);
      return status !== this.#notYet;
    });
    return status;
  }

  /** As `until`, blocking this thread. */
  untilSync(timeout: number, attempt: Attempt): number {
    let status = attempt(false);
    if (status !== this.#notYet || timeout === 0) return status;
    let enlisted = false;
    try {
      this.#rt.blockUntil(() => {
        if (enlisted && isWaiting(this.#m, this.#pointer, this.#list)) return false;
        enlisted = true;
        status = attempt(true);
        return status !== this.#notYet;
      }, timeout);
    } finally {
      this.#restore();
    }
    return status;
  }

  /** Serves those who were rung for. Whoever comes now and does not wait is behind them. */
  readonly poll = (): void => {
    if (this.#waiters.length > 0 && !isWaiting(this.#m, this.#pointer, this.#list)) this.#retry();
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
        // What it waits for may have come in time, while this event loop was busy.
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

  /** The waiter was settled from outside: by its time limit or its signal. */
  #remove(waiter: Waiter): void {
    const i = this.#waiters.indexOf(waiter);
    if (i === -1) return;
    this.#waiters.splice(i, 1);
    this.#rt.unref();
    this.#rest();
  }

  /** Tries for each in turn, until one has to wait on. */
  #retry(): void {
    while (this.#waiters.length > 0 && this.#waiters[0].attempt()) {
      this.#waiters.shift();
      this.#rt.unref();
    }
    this.#rest();
  }

  /** Somebody blocking in this thread is done with the queue, and may have used or left the common bit. */
  #restore(): void {
    if (this.#waiters.length > 0) this.#retry();
    else stopWaiting(this.#m, this.#pointer, this.#list);
  }

  #rest(): void {
    if (this.#waiters.length > 0) return;
    this.#rt.removePoller(this.poll);
    stopWaiting(this.#m, this.#pointer, this.#list);
  }
}
