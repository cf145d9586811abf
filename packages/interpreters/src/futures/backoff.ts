/**
 * Waits longer and longer between attempts that fail, so that a worker that cannot live is not restarted in a tight loop.
 *
 *     failed ──▶ FIRST ms ──▶ again ──failed──▶ twice as long, at most LONGEST ms ──▶ again …
 *
 * Only a timer runs meanwhile. It does not keep the process alive.
 */
import { startTimer, stopTimer } from "../base/timer.js";

/** Milliseconds. */
const FIRST = 1000;
const LONGEST = 30_000;

export class Backoff {
  readonly #again: () => void;
  readonly #forgiven: number;
  /** Failures in a row. */
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param again called after each wait
   * @param forgiven how many failures in a row cause no wait
   */
  constructor(again: () => void, forgiven: number) {
    this.#again = again;
    this.#forgiven = forgiven;
  }

  /** Whether the next attempt must wait. */
  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  /** An attempt failed. Several that fail during one wait count as one. */
  failed(): void {
    if (this.waiting) return;
    const waits = this.#failures++ - this.#forgiven;
    if (waits < 0) return;
    this.#timer = startTimer(Math.min(FIRST * 2 ** waits, LONGEST), () => {
      this.#timer = undefined;
      this.#again();
    });
    this.#timer?.unref();
  }

  /** An attempt succeeded: the next failure is the first again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Waits no longer, and calls nothing. */
  stop(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
  }
}
