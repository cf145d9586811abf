/**
 * Closes workers that a pool has not needed for a while (`idleTimeout`).
 *
 *     more workers than tasks ──▶ timer runs, #peak records the largest demand ──▶ close (workers - #peak) ──▶ again
 *
 * It compares numbers instead of observing each worker: if the tasks never filled more than n workers during the whole
 * timeout, all but n were superfluous, whichever of them were idle at a time. The timer starts when the tasks first fill
 * fewer workers than there are. Without a limit nothing is counted and no timer runs.
 */
import { startTimer, stopTimer } from "../base/timer.js";

/** The workers, as far as this file knows them. */
interface Workers {
  readonly size: number;
  /** Closes up to `count` idle workers. */
  endIdle(count: number): void;
}

export class Idleness {
  /** Milliseconds. */
  readonly #limit: number;
  readonly #least: number;
  readonly #demand: () => number;
  readonly #workers: Workers;
  /** The largest demand at any time since the timer was started. */
  #peak = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param limit milliseconds after which idle workers are closed; Infinity: never
   * @param least how many workers stay, however idle
   * @param demand how many workers the tasks in line and in execution would fill
   */
  constructor(limit: number, least: number, demand: () => number, workers: Workers) {
    this.#limit = limit;
    this.#least = least;
    this.#demand = demand;
    this.#workers = workers;
  }

  /** Call this when there are more tasks than before. */
  came(): void {
    if (this.#limit === Infinity) return;
    this.#peak = Math.max(this.#peak, this.#demand());
  }

  /** Call this when there are fewer tasks or more workers than before. */
  went(): void {
    if (this.#limit === Infinity || this.#timer !== undefined) return;
    const demand = this.#demand();
    if (this.#workers.size <= Math.max(demand, this.#least)) return;
    this.#peak = demand;
    this.#timer = startTimer(this.#limit, this.#end);
    // An idle pool must not keep the process alive.
    this.#timer?.unref();
  }

  /** Closes no more workers. */
  stop(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
  }

  readonly #end = (): void => {
    this.#timer = undefined;
    const tooMany = this.#workers.size - Math.max(this.#peak, this.#least);
    if (tooMany > 0) this.#workers.endIdle(tooMany);
    // Workers that became idle later have a full timeout ahead of them.
    this.went();
  };
}
