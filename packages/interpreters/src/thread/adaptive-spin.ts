/**
 * Polling the doorbell in a loop before parking on it.
 *
 * A reply is often only microseconds away, less than parking and waking up cost. The number of polls follows what was needed
 * recently, and a spin never takes longer than several parks do (Karlin, Li, Manasse, Owicki, "Empirical studies of competitive
 * spinning for a shared-memory multiprocessor", 1991). A spin is limited by the clock: in the first hundred calls of a process, before V8
 * has compiled the loop, a poll takes ten times as long as later. A park that turned out short shows that a longer spin would have paid
 * off; a long one shows that it would have been in vain.
 *
 * This is wrong if the two threads share a processor: the spinning thread then keeps the other one from replying. Operating
 * systems tend to put a woken thread beside the one that woke it, and move it to an idle processor only when they find, at a
 * tick of their clock, that both want to run (measured: 13 µs for a call while they share one, 1.7 µs once they do not). So
 * spinning for several ticks in total cures this if a processor is idle. If none is, spinning only does harm, which shows in
 * vain spins that are followed by short parks. Then this thread rests (rest.ts), that is, it spins for as few polls as possible for a while. What a
 * spin gains is a park. (On a busy machine some spins succeed. Before they were weighed against the others, a call took 60 µs of
 * processor time there, and takes 25 now; a park and its wake-up take 10.) Its first rest comes early: a process that makes a thousand calls in
 * all would not get back what the cure takes.
 *
 * The first waits of a thread do not spin at all. V8 has not compiled the code of a call yet, on either side, so a reply takes longer than a
 * spin, and the processors are needed by the threads that compile and by the supervisor, which is still loading. (More of them would save processor
 * time in a process that makes 200 calls in all, but calls would take longer to become fast.)
 */
import { clock } from "../base/clock.js";
import type { SharedMemory } from "../memory/atomics.js";
import { spin } from "../memory/doorbell.js";
import { Rest } from "./rest.js";

/** Polls of one spin. A poll takes about 10 ns. */
const MIN_POLLS = 200;
const MAX_POLLS = 5_000;
/** Waits of a thread that park at once. */
const COLD_WAITS = 64;
/** The most polls before a spin has found a reply, or the first rest: until code is compiled, most replies take longer than any spin. */
const MAX_AT_FIRST = 1_000;
/** How many polls to make between two readings of the clock. */
const CLOCK_EVERY = 100;
/** Milliseconds. A park shorter than this should have been part of the spin. */
const SHORT_PARK = 0.1;
/** Milliseconds of processor time that a park and its wake-up cost: what a spin saves that is not in vain. */
const PARK = 0.01;
/** Milliseconds of spinning in vain that span several ticks of the system's clock, and before the first rest. */
const VAIN_ENOUGH = 15;
const VAIN_AT_FIRST = 3;
const POLLS_IN_A_MILLISECOND = 100_000;

export class AdaptiveSpin {
  readonly #m: SharedMemory;
  readonly #poll: typeof spin;
  readonly #now: typeof clock;
  /** How many more waits park at once. */
  #cold: number;
  /** How many polls were needed recently: a moving average. */
  #typical = MIN_POLLS;
  readonly #rest = new Rest(VAIN_ENOUGH);
  /** How many milliseconds lost begin a rest. */
  #enough = VAIN_AT_FIRST;
  /** The most polls. */
  #most = MAX_AT_FIRST;
  /** How long the last spin was, in milliseconds behind its first polls. */
  #last = 0;

  /** `poll` polls the doorbell; tests give another one, another clock, and another number of waits that park at once. */
  constructor(m: SharedMemory, poll: typeof spin = spin, now: typeof clock = clock, cold = COLD_WAITS) {
    this.#m = m;
    this.#poll = poll;
    this.#now = now;
    this.#cold = cold;
  }

  /** Polls until the doorbell has rung since `seen`, and returns true, or returns false after a limited time. */
  spin(seen: number): boolean {
    if (this.#m.spins === 0) return false;
    this.#last = 0;
    if (this.#cold > 0) {
      this.#cold -= 1;
      return false;
    }
    let polls = this.#poll(this.#m, seen, MIN_POLLS);
    if (polls === -1 && !this.#rest.isOn && this.#typical > 0) polls = this.#goOn(seen);
    if (polls === -1) return false;
    this.#typical += (polls - this.#typical) >> 2;
    // A ring that the first poll finds says nothing about spinning.
    if (polls > 1) {
      this.#rest.gain(PARK);
      this.#most = MAX_POLLS;
    }
    return true;
  }

  /** Goes on after MIN_POLLS polls. Returns how many polls came before the ring, or -1. */
  #goOn(seen: number): number {
    const began = this.#now();
    const longest = Math.min(4 * this.#typical, this.#most - MIN_POLLS) / POLLS_IN_A_MILLISECOND;
    for (let before = MIN_POLLS; ; before += CLOCK_EVERY) {
      const polls = this.#poll(this.#m, seen, CLOCK_EVERY);
      if (polls !== -1) return before + polls;
      this.#last = this.#now() - began;
      if (this.#last >= longest) return -1;
    }
  }

  /** The park that followed a spin in vain lasted from `began` to `now`, both in milliseconds. */
  parked(began: number, now = this.#now()): void {
    // It says nothing about the parks of compiled code.
    if (this.#cold > 0) return;
    if (this.#rest.goesOn(now)) return;
    if (now - began > SHORT_PARK) {
      this.#typical >>= 1;
      return;
    }
    this.#typical = Math.min(this.#typical * 2 + MIN_POLLS, MAX_POLLS);
    if (!this.#rest.lose(this.#last, this.#enough, now)) return;
    this.#enough = VAIN_ENOUGH;
    this.#most = MAX_POLLS;
    this.#typical = 0;
  }
}
