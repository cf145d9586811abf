/**
 * How long, after its last reply, an event loop keeps polling for the next one before it parks. All times are in milliseconds.
 *
 * The time is halved whenever the park that followed was long, and doubled only when it was short. Polling takes time from the
 * threads that will reply if there are as many of them as processors, and even of two threads that compute for a millisecond
 * each, one sometimes replies shortly after the other.
 *
 * Polls in vain that are always followed by short parks show that the other thread could not run meanwhile: they share a processor, and
 * the polling itself kept the reply away. Then this rests, and for longer each time that it shows again (as adaptive-spin.ts does).
 */
import { clock } from "../base/clock.js";

const MOST = 0.06;
/** A turn of the event loop takes this long: a shorter time is none. */
const LEAST = 0.002;
/** A park shorter than this should have been a poll. */
const SHORT_PARK = 0.1;
/** Polling in vain for that long, followed by short parks, begins a rest: several ticks of the system, which may part the threads at one. */
const VAIN_ENOUGH = 30;
const MIN_REST = 50;
const MAX_REST = 2_000;

export class AdaptivePoll {
  readonly #now: typeof clock;
  #time = MOST;
  /** How long it polled in vain before short parks, since a poll paid off. */
  #vain = 0;
  #rest = MIN_REST;
  /** When the rest ends; 0 if this does not rest. */
  #resumes = 0;

  /** Tests give another clock. */
  constructor(now: typeof clock = clock) {
    this.#now = now;
  }

  /** How long to poll after the last reply. */
  get time(): number {
    if (this.#resumes !== 0) {
      if (this.#now() < this.#resumes) return 0;
      this.#resumes = 0;
    }
    return this.#time;
  }

  /** A reply came while it polled. */
  paid(): void {
    if (this.#resumes !== 0) return;
    this.#vain = 0;
    this.#rest = MIN_REST;
  }

  /** The park that followed the polling lasted `time`. */
  parked(time: number): void {
    if (this.#resumes !== 0) return;
    if (time < SHORT_PARK) {
      this.#vain += this.#time;
      if (this.#vain >= VAIN_ENOUGH) {
        this.#vain = 0;
        this.#resumes = this.#now() + this.#rest;
        this.#rest = Math.min(this.#rest * 2, MAX_REST);
      }
    }
    if (time < SHORT_PARK) this.#time = Math.min(Math.max(this.#time * 2, LEAST), MOST);
    else this.#time = this.#time / 2 < LEAST ? 0 : this.#time / 2;
  }
}
