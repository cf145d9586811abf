/**
 * Which workers have had nothing to do for a while: as many as there were more than the tasks would have filled, all the
 * time.
 *
 * It looks at the number of tasks and not at each worker: whichever of them are idle, so many are too many. The time
 * begins when tasks first fill fewer workers than there are. Nothing is counted, and no timer runs, without a limit.
 */
import { startTimer, stopTimer } from "../base/timer.js";

interface Workers {
  readonly size: number;
  /** Ends so many of those that have nothing to do. */
  endIdle(count: number): void;
}

export class Idleness {
  readonly #limit: number;
  readonly #least: number;
  readonly #demand: () => number;
  readonly #workers: Workers;
  /** The largest demand at any time since the timer began. */
  #peak = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Ends workers, but for the last `least`, when they were idle for `limit` milliseconds. `demand`: how many workers the
   * tasks that wait in line or run would fill.
   */
  constructor(limit: number, least: number, demand: () => number, workers: Workers) {
    this.#limit = limit;
    this.#least = least;
    this.#demand = demand;
    this.#workers = workers;
  }

  /** There are more tasks than before. */
  came(): void {
    if (this.#limit === Infinity) return;
    this.#peak = Math.max(this.#peak, this.#demand());
  }

  /** There are fewer tasks, or more workers. */
  went(): void {
    if (this.#limit === Infinity || this.#timer !== undefined) return;
    const demand = this.#demand();
    if (this.#workers.size <= Math.max(demand, this.#least)) return;
    this.#peak = demand;
    this.#timer = startTimer(this.#limit, this.#end);
    // An idle pool keeps no process alive.
    this.#timer?.unref();
  }

  stop(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
  }

  readonly #end = (): void => {
    this.#timer = undefined;
    const tooMany = this.#workers.size - Math.max(this.#peak, this.#least);
    if (tooMany > 0) this.#workers.endIdle(tooMany);
    // Those that became idle later have their time yet.
    this.went();
  };
}
