/**
 * Room for tasks in a pool with `maxQueue`, and those that wait for it.
 *
 *     a task is done ──▶ check: as many waiters as there are places, first come, first served ──next turn──▶ check
 *
 * A place is kept, for a waiter that was called and for one that need not wait, until a task is submitted or the next turn: it submits its
 * task after this check. If it submitted nothing, or others are waiting, places are counted again then.
 */
import { setImmediate } from "../platform/timers.js";

export class Room {
  readonly #count: () => number;
  readonly #waiting = new Set<() => void>();
  /** How many places are kept: for producers that `room()` answered in this turn and have submitted nothing yet. */
  #called = 0;
  #checking = false;

  /** @param count how many tasks may be submitted now */
  constructor(count: () => number) {
    this.#count = count;
  }

  /** Returns whether there is room now, and not only for those that wait, and keeps a place. */
  keep(): boolean {
    const count = this.#count();
    if (count <= this.#waiting.size + this.#called) return false;
    if (count === Infinity) return true;
    this.#called++;
    this.#checkLater();
    return true;
  }

  /** A task was submitted: it has one of the places that are kept. */
  used(): void {
    if (this.#called > 0) this.#called--;
  }

  /** Calls `fn` once, as soon as there is room for a task of its own, unless the returned function is called before. */
  wait(fn: () => void): () => void {
    this.#waiting.add(fn);
    this.#checkLater();
    return () => this.#waiting.delete(fn);
  }

  /** There may be more room than before. */
  check(): void {
    if (this.#waiting.size === 0) return;
    for (const fn of this.#waiting) {
      if (this.#count() <= this.#called) break;
      this.#called++;
      this.#waiting.delete(fn);
      fn();
    }
    this.#checkLater();
  }

  #checkLater(): void {
    if (this.#checking || (this.#called === 0 && this.#count() <= 0)) return;
    this.#checking = true;
    setImmediate(() => {
      this.#checking = false;
      this.#called = 0;
      this.check();
    });
  }
}
