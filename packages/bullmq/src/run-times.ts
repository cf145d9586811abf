/**
 * How long tasks run, without their way to an interpreter and back. On a busy machine that way takes many times as long as a small task, and
 * callers that took it for the task's own time would not bundle it.
 *
 * The pool measures some tasks in the interpreter itself. The difference of the means is the way, which is taken off each task.
 */
import type { InterpreterPoolExecutor } from "interpreters";

/** Tasks between two looks at the pool's statistics. */
const WINDOW = 32;
const LEAST = 0.02;

export class RunTimes {
  readonly #pool: InterpreterPoolExecutor;
  #elapsed = 0;
  #count = 0;
  #way = 0;
  #timed = 0;
  #ran = 0;

  constructor(pool: InterpreterPoolExecutor) {
    this.#pool = pool;
  }

  /** A task took `elapsed` milliseconds with its way. Returns about how long it ran. */
  of(elapsed: number): number {
    this.#elapsed += elapsed;
    if (++this.#count >= WINDOW) this.#look();
    return Math.max(LEAST, elapsed - this.#way);
  }

  #look(): void {
    const { count, mean } = this.#pool.stats().runTime;
    const timed = count - this.#timed;
    // Of later tasks the pool times one in sixteen.
    if (timed < 2) return;
    const ran = (count * mean - this.#ran) / timed;
    this.#way = Math.max(0, this.#elapsed / this.#count - ran);
    this.#timed = count;
    this.#ran = count * mean;
    this.#elapsed = this.#count = 0;
  }
}
