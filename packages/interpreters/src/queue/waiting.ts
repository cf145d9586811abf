/**
 * The asynchronous waiters of this thread on one queue, in one direction (to get, or to put).
 *
 * All of them share this interpreter's one bit on the queue's list. They are served first come, first served; when the
 * last is gone, the bit is taken back, and with it a ring that came too late is passed on to somebody else's.
 */
import type { SharedMemory } from "../memory/atomics.js";
import type { Q_GETTERS, Q_PUTTERS } from "../memory/layout.js";
import type { Runtime } from "../interpreter/runtime.js";
import { isWaiting, stopWaiting } from "./queues.js";

/** One waiter. `attempt` tries, enlisting where it must wait on; true: settled. */
export interface Waiter {
  attempt(): boolean;
}

export class Waiting {
  readonly #rt: Runtime;
  readonly #m: SharedMemory;
  readonly #pointer: number;
  readonly #list: typeof Q_GETTERS | typeof Q_PUTTERS;
  readonly #waiters: Waiter[] = [];

  constructor(rt: Runtime, pointer: number, list: typeof Q_GETTERS | typeof Q_PUTTERS) {
    this.#rt = rt;
    this.#m = rt.m;
    this.#pointer = pointer;
    this.#list = list;
  }

  get size(): number {
    return this.#waiters.length;
  }

  add(waiter: Waiter): void {
    this.#waiters.push(waiter);
    this.#rt.hold();
    if (this.#waiters.length === 1) {
      this.#rt.watch(this.look);
      this.retry();
    }
  }

  /** The waiter was settled from outside: by its time limit or its signal. */
  remove(waiter: Waiter): void {
    const i = this.#waiters.indexOf(waiter);
    if (i === -1) return;
    this.#waiters.splice(i, 1);
    this.#rt.release();
    this.#rest();
  }

  /** Tries for each in turn, until one has to wait on. */
  retry(): void {
    while (this.#waiters.length > 0 && this.#waiters[0].attempt()) {
      this.#waiters.shift();
      this.#rt.release();
    }
    this.#rest();
  }

  /** Somebody blocking in this thread is done with the queue, and may have used or left the common bit. */
  restore(): void {
    if (this.#waiters.length > 0) this.retry();
    else stopWaiting(this.#m, this.#pointer, this.#list);
  }

  /** Serves those who were rung for. Whoever comes now and does not wait is behind them. */
  readonly look = (): void => {
    if (this.#waiters.length > 0 && !isWaiting(this.#m, this.#pointer, this.#list)) this.retry();
  };

  #rest(): void {
    if (this.#waiters.length > 0) return;
    this.#rt.unwatch(this.look);
    stopWaiting(this.#m, this.#pointer, this.#list);
  }
}
