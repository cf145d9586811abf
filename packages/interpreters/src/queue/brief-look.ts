/**
 * Looking at a queue for a moment before waiting at it. The two sides of an iteration are often only microseconds apart, but a thread
 * that waits is woken tens of microseconds later: by then the other side has nothing left to do, and waits in its turn, so each batch would cost
 * two wake-ups. If one of them looks for as long as a wake-up takes, neither waits any more.
 *
 * The time follows what would have paid off recently: a wait that was short doubles it, a long one halves it. Looks in vain that are always
 * followed by short waits show that the threads share a processor, and each look keeps the other side from going on: then this rests
 * (thread/rest.ts).
 */
import { clock } from "../base/clock.js";
import { pause, type SharedMemory } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import { Rest } from "../thread/rest.js";

/** How often to look; a look with its pauses takes about 0.1 µs. */
const LEAST = 8;
const MOST = 1024;
/** How often to pause between two looks. */
const APART = 16;
/** Milliseconds. A shorter wait should have been a look. */
const SHORT_WAIT = 0.2;
/** Milliseconds of looking in vain, followed by short waits, that begin a rest. */
const VAIN_ENOUGH = 2;

export class BriefLook {
  readonly #now: typeof clock;
  #most = MOST;
  #since = 0;
  /** How long the last look took, in milliseconds. */
  #took = 0;
  readonly #rest = new Rest(0);

  /** Tests give another clock. */
  constructor(now: typeof clock = clock) {
    this.#now = now;
  }

  /** Looks until `found`, and returns whether it was. If not, the caller waits now, and then calls `waited`. */
  look(m: SharedMemory, q: Pointer, found: (m: SharedMemory, q: Pointer) => boolean): boolean {
    const began = this.#now();
    const most = m.spins === 0 ? 0 : this.#rest.goesOn(began) ? LEAST : this.#most;
    for (let i = 0; i < most; i++) {
      if (found(m, q)) {
        if (i > LEAST) this.#rest.gain(Infinity);
        return true;
      }
      for (let j = 0; j < APART; j++) pause(m);
    }
    this.#since = this.#now();
    this.#took = this.#since - began;
    return false;
  }

  /** The wait after a look in vain is over. */
  waited(): void {
    if (this.#rest.isOn) return;
    const now = this.#now();
    const short = now - this.#since < SHORT_WAIT;
    if (short) this.#rest.lose(this.#took, VAIN_ENOUGH, now);
    this.#most = short ? Math.min(this.#most * 2, MOST) : Math.max(this.#most >> 1, LEAST);
  }
}
