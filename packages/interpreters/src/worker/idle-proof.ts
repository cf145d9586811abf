/**
 * The proof that only a ring can wake an interpreter on its event loop (kernel/asleep.ts), made when a blocked interpreter asks for it.
 *
 * If code of users has run in the thread, it may have left timers or sockets behind, and only a report of Node tells of all of them. That takes
 * milliseconds, so it is made only while all others sleep, and ever more seldom if there is something.
 */
import { askIfLast, isAsked, isWorthAnswering, proveIdle } from "../kernel/asleep.js";
import { get } from "../memory/atomics.js";
import type { Slot } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import { ADDONS_NONE, S_ADDONS } from "../memory/layout.js";
import { quietFor } from "../platform/pending-io.js";
import { setTimeout } from "../platform/timers.js";
import type { Runtime } from "../thread/runtime.js";

/** Milliseconds from one report in vain to the next: each time twice as many. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;
/** Milliseconds by which a timer may be late. */
const LATE = 5;

/**
 *     asked ──a turn of the event loop, so that all messages of others have come──▶ ready, rings itself ──woken──▶ the report ──▶ proved, or asked again later
 *
 * Within the turn itself, a report would find the callback that ends the turn.
 */
export class IdleProof {
  readonly #rt: Runtime;
  #ready = false;
  #pause = FIRST_PAUSE;
  /** Whether the last report found only a task of the engine, which has run by the next one. */
  #onlyEngine = false;
  /** Whether a report was in vain, and the next one must wait. */
  #rests = false;

  constructor(rt: Runtime) {
    this.#rt = rt;
  }

  /**
   * Call it when this thread was woken, with its doorbell at `seen`, and has nothing to do. Returns the slot to ring, or -1 if the thread must take a turn of its event loop before it
   * parks.
   */
  woken(seen: number): number {
    if (!this.#ready) return -1;
    this.#ready = false;
    return this.#isQuiet() ? proveIdle(this.#rt.m, seen) : -1;
  }

  /** Call it after that turn. Returns the slot to ring, or -1. `untouched`: whether no code of users has run in this thread. */
  turned(seen: number, untouched: boolean): number {
    const { m } = this.#rt;
    if (!isAsked(m)) return -1;
    if (untouched) return proveIdle(m, seen);
    // An addon may have threads of its own.
    this.#ready = get(m, m.me + S_ADDONS) === ADDONS_NONE && !this.#rests && isWorthAnswering(m);
    return -1;
  }

  /** Call it when this thread is parked, with the slot to ring. */
  parked(asker: number): void {
    const { m } = this.#rt;
    if (asker !== -1) ring(m, asker as Slot);
    else if (this.#ready) ring(m, m.slot);
    else askIfLast(m);
  }

  #isQuiet(): boolean {
    const { m, keepAlive } = this.#rt;
    const kept = keepAlive.hasRef();
    keepAlive.unref();
    const { events, engine } = quietFor();
    if (kept) keepAlive.ref();
    const time = Math.min(events, engine);
    // A report may be followed by a garbage collection. So a second such task, when the first has run, is no time limit of the program.
    if (time === Infinity || (events === Infinity && this.#onlyEngine)) {
      this.#pause = FIRST_PAUSE;
      this.#onlyEngine = false;
      return true;
    }
    this.#onlyEngine = events === Infinity && engine < LONGEST_PAUSE;
    // Not a time on the clock: a timer that is set after a long report fires early.
    this.#rests = true;
    const again = (): void => {
      this.#rests = false;
      ring(m, m.slot);
    };
    setTimeout(again, Math.max(this.#pause, Math.min(time + LATE, LONGEST_PAUSE))).unref();
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    return false;
  }
}
