/**
 * Looking again and again for an answer before going to sleep for it.
 *
 * An answer is often some microseconds away, less than a sleep and a wake-up cost. How long to look follows what it has
 * taken lately, and is never longer than some sleeps take (Karlin, Li, Manasse, Owicki, "Empirical studies of competitive
 * spinning for a shared-memory multiprocessor", 1991). A sleep that turned out short tells that longer looking would
 * have been right; a long one, that it would have been for nothing.
 *
 * Except where the two threads share a processor: then who looks keeps the other from answering. Systems like to put a
 * thread that is woken beside the one that woke it, and move it to an idle processor only when they find, at a tick of
 * their clock, both wanting to run (measured: 13 µs for a call while they share one, 1.7 µs once they do not). Looking
 * for some ticks, in all, thus cures it, if there is an idle processor. If there is none, as the looking that was
 * followed by short sleeps all the same tells, it only does harm: then nobody here looks for a while, and longer each
 * time that it is found out again.
 */
import { clock } from "../base/clock.js";
import type { SharedMemory } from "../memory/atomics.js";
import { spin } from "../memory/doorbell.js";

/** Looks; one takes some ten nanoseconds. */
const MIN_LOOKS = 200;
const MAX_LOOKS = 5_000;
/** Milliseconds: a sleep shorter than that was one too many. */
const SHORT_SLEEP = 0.1;
/** Milliseconds of looking in vain that are enough for some ticks. */
const VAIN_ENOUGH = 15;
const LOOKS_IN_A_MILLISECOND = 100_000;
/** Milliseconds without looking. */
const MIN_REST = 50;
const MAX_REST = 2_000;

export class AdaptiveSpin {
  readonly #m: SharedMemory;
  readonly #look: typeof spin;
  /** How many looks it took lately. */
  #typical = MIN_LOOKS;
  /** How many were in vain, followed by short sleeps, since one was not. */
  #vain = 0;
  /** How many the last ones were, at most. */
  #last = 0;
  #rest = MIN_REST;
  /** When the rest is over; 0: there is none. */
  #resumes = 0;

  /** `look` is what looks. */
  constructor(m: SharedMemory, look: typeof spin = spin) {
    this.#m = m;
    this.#look = look;
  }

  /** Looks a little whether it rang since `seen`. */
  spin(seen: number): boolean {
    if (this.#m.spins === 0) return false;
    const limit = this.#resumes === 0 ? Math.min(MIN_LOOKS + 4 * this.#typical, MAX_LOOKS) : MIN_LOOKS;
    const looks = this.#look(this.#m, seen, limit);
    this.#last = limit;
    if (looks === -1) return false;
    this.#typical += (looks - this.#typical) >> 2;
    // What was there at the first look says nothing of looking.
    if (looks > 1) {
      this.#vain = 0;
      this.#rest = MIN_REST;
    }
    return true;
  }

  /** The sleep that came after looking in vain lasted from `began` to `now`; milliseconds. */
  slept(began: number, now = clock()): void {
    if (this.#resumes !== 0) {
      if (now < this.#resumes) return;
      this.#resumes = 0;
    }
    if (now - began > SHORT_SLEEP) {
      this.#typical >>= 1;
      return;
    }
    this.#typical = Math.min(this.#typical * 2 + MIN_LOOKS, MAX_LOOKS);
    this.#vain += this.#last;
    if (this.#vain < VAIN_ENOUGH * LOOKS_IN_A_MILLISECOND) return;
    this.#vain = 0;
    this.#typical = 0;
    this.#resumes = now + this.#rest;
    this.#rest = Math.min(this.#rest * 2, MAX_REST);
  }
}
