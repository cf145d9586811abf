/**
 * Which workers have had nothing to do for a while: as many as there were more workers than tasks, all the time.
 *
 * It looks at the number of tasks and not at each worker: whichever of them are idle, so many are too many. The time
 * begins when there are first fewer tasks than workers. Nothing is counted, and no timer runs, without a limit.
 */
export interface Crew {
  /** Tasks in line or being run. */
  readonly tasks: number;
  readonly workers: number;
  /** Ends so many of those that have nothing to do. */
  endIdle(count: number): void;
}

export class Idleness {
  readonly #limit: number;
  readonly #least: number;
  readonly #crew: Crew;
  /** Most tasks at any time since the timer began. */
  #peak = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Ends workers, but for the last `least`, when they were idle for `limit` milliseconds. */
  constructor(limit: number, least: number, crew: Crew) {
    this.#limit = limit;
    this.#least = least;
    this.#crew = crew;
  }

  /** There are more tasks than before. */
  came(): void {
    const { tasks } = this.#crew;
    if (tasks > this.#peak) this.#peak = tasks;
  }

  /** There are fewer tasks, or more workers. */
  went(): void {
    if (this.#limit === Infinity || this.#timer !== undefined) return;
    const { tasks, workers } = this.#crew;
    if (workers <= Math.max(tasks, this.#least)) return;
    this.#peak = tasks;
    this.#timer = setTimeout(this.#end, Math.min(this.#limit, 0x7fffffff));
    // An idle pool keeps no process alive.
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #end = (): void => {
    this.#timer = undefined;
    const tooMany = this.#crew.workers - Math.max(this.#peak, this.#least);
    if (tooMany > 0) this.#crew.endIdle(tooMany);
    // Those that became idle later have their time yet.
    this.went();
  };
}
