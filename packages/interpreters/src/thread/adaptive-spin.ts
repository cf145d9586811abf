/**
 * Polling the doorbell in a loop before parking on it.
 *
 * A reply is often only microseconds away, less than parking and waking up cost. The number of polls follows what was needed
 * recently, and a spin never takes longer than several parks do (Karlin, Li, Manasse, Owicki, "Empirical studies of competitive
 * spinning for a shared-memory multiprocessor", 1991). A park that turned out short shows that a longer spin would have paid
 * off; a long one shows that it would have been in vain.
 *
 * This is wrong if the two threads share a processor: the spinning thread then keeps the other one from replying. Operating
 * systems tend to put a woken thread beside the one that woke it, and move it to an idle processor only when they find, at a
 * tick of their clock, that both want to run (measured: 13 µs for a call while they share one, 1.7 µs once they do not). So
 * spinning for several ticks in total cures this if a processor is idle. If none is, spinning only does harm, which shows in
 * vain spins that are followed by short parks: then this thread rests, that is, it spins for as few polls as possible for a
 * while, and for a longer while each time that this shows again.
 */
import { clock } from "../base/clock.js";
import type { SharedMemory } from "../memory/atomics.js";
import { spin } from "../memory/doorbell.js";

/** Polls of one spin. A poll takes about 10 ns. */
const MIN_POLLS = 200;
const MAX_POLLS = 5_000;
/** Milliseconds. A park shorter than this should have been part of the spin. */
const SHORT_PARK = 0.1;
/** Milliseconds of spinning in vain that span several ticks of the system's clock. */
const VAIN_ENOUGH = 15;
const POLLS_IN_A_MILLISECOND = 100_000;
/** Milliseconds of rest. */
const MIN_REST = 50;
const MAX_REST = 2_000;

export class AdaptiveSpin {
  readonly #m: SharedMemory;
  readonly #poll: typeof spin;
  /** How many polls were needed recently: a moving average. */
  #typical = MIN_POLLS;
  /** How many polls were in vain and followed by a short park, since the last spin that was not in vain. */
  #vain = 0;
  /** The limit of the last spin, in polls. */
  #last = 0;
  /** How long the next rest will be. */
  #rest = MIN_REST;
  /** When the rest ends; 0 if this thread does not rest. */
  #resumes = 0;

  /** `poll` polls the doorbell; tests give another one. */
  constructor(m: SharedMemory, poll: typeof spin = spin) {
    this.#m = m;
    this.#poll = poll;
  }

  /** Polls until the doorbell has rung since `seen`, and returns true, or returns false after a limited number of polls. */
  spin(seen: number): boolean {
    if (this.#m.spins === 0) return false;
    const limit = this.#resumes === 0 ? Math.min(MIN_POLLS + 4 * this.#typical, MAX_POLLS) : MIN_POLLS;
    const polls = this.#poll(this.#m, seen, limit);
    this.#last = limit;
    if (polls === -1) return false;
    this.#typical += (polls - this.#typical) >> 2;
    // A ring that the first poll finds says nothing about spinning.
    if (polls > 1) {
      this.#vain = 0;
      this.#rest = MIN_REST;
    }
    return true;
  }

  /** The park that followed a spin in vain lasted from `began` to `now`, both in milliseconds. */
  parked(began: number, now = clock()): void {
    if (this.#resumes !== 0) {
      if (now < this.#resumes) return;
      this.#resumes = 0;
    }
    if (now - began > SHORT_PARK) {
      this.#typical >>= 1;
      return;
    }
    this.#typical = Math.min(this.#typical * 2 + MIN_POLLS, MAX_POLLS);
    this.#vain += this.#last;
    if (this.#vain < VAIN_ENOUGH * POLLS_IN_A_MILLISECOND) return;
    this.#vain = 0;
    this.#typical = 0;
    this.#resumes = now + this.#rest;
    this.#rest = Math.min(this.#rest * 2, MAX_REST);
  }
}
