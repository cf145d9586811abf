/**
 * The tasks that Redis does not have yet: those of this turn of the event loop, and all that are submitted while there is no connection. These are not
 * left to the driver, so that they can be taken back at once, and so that the stream for their outcomes exists before them.
 */
import type { Job } from "./bundles.js";
import { setTimeout } from "./timers.js";

/** Milliseconds in which tasks are gathered while many are under way. */
const GATHERING = 1;

export class Outbox {
  /** By number, in their order. */
  readonly #jobs = new Map<number, Job>();
  readonly #isOpen: () => boolean;
  readonly #send: (jobs: Job[]) => void;
  #flushing = false;

  /**
   * @param isOpen whether there is a connection
   * @param send gets all tasks that wait
   */
  constructor(isOpen: () => boolean, send: (jobs: Job[]) => void) {
    this.#isOpen = isOpen;
    this.#send = send;
  }

  get size(): number {
    return this.#jobs.size;
  }

  put(job: Job): void {
    this.#jobs.set(job.id, job);
  }

  /** Takes a task back. Returns whether it was here. */
  takeBack(id: number): boolean {
    return this.#jobs.delete(id);
  }

  takeAll(): Job[] {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    return jobs;
  }

  /** Sends what waits at the end of this turn of the event loop or, if `busy`, a little later: while workers have enough to do, that costs nothing. */
  flushSoon(busy: boolean): void {
    if (this.#flushing || !this.#isOpen()) return;
    this.#flushing = true;
    const flush = (): void => {
      this.#flushing = false;
      // Called again when there is a connection.
      if (this.#jobs.size > 0 && this.#isOpen()) this.#send(this.takeAll());
    };
    if (busy) setTimeout(flush, GATHERING);
    else process.nextTick(flush);
  }
}
