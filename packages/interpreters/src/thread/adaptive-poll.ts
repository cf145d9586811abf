/**
 * How long, after its last reply, an event loop keeps polling for the next one before it parks. All times are in milliseconds.
 *
 * The time is halved whenever the park that followed was long, and doubled only when it was short. Polling takes time from the
 * threads that will reply if there are as many of them as processors, and even of two threads that compute for a millisecond
 * each, one sometimes replies shortly after the other.
 *
 * Polls in vain that are always followed by short parks show that the other thread could not run meanwhile: they share a processor, and
 * the polling itself kept the reply away. Then this rests (rest.ts).
 */
import { clock } from "../base/clock.js";
import { Rest } from "./rest.js";

const MOST = 0.06;
/** A turn of the event loop takes this long: a shorter time is none. */
const LEAST = 0.002;
/** A park shorter than this should have been a poll. */
const SHORT_PARK = 0.1;
/** Polling in vain for that long, followed by short parks, begins a rest: several ticks of the system, which may part the threads at one. */
const VAIN_ENOUGH = 30;

export class AdaptivePoll {
  readonly #now: typeof clock;
  readonly #most: number;
  #time: number;
  /** A poll that pays off shows that the threads do not share a processor, so it makes up for all that was lost. */
  readonly #rest = new Rest(0);

  /** `pays`: whether polling can pay. Tests give another clock. */
  constructor(pays = true, now: typeof clock = clock) {
    this.#now = now;
    this.#most = pays ? MOST : 0;
    this.#time = this.#most;
  }

  /** How long to poll after the last reply. */
  get time(): number {
    return this.#rest.isOn && this.#rest.goesOn(this.#now()) ? 0 : this.#time;
  }

  /** A reply came while it polled. */
  paid(): void {
    if (!this.#rest.isOn) this.#rest.gain(Infinity);
  }

  /** The park that followed the polling lasted `time`. */
  parked(time: number): void {
    if (this.#rest.isOn) return;
    if (time < SHORT_PARK) {
      this.#rest.lose(this.#time, VAIN_ENOUGH, this.#now());
      this.#time = Math.min(Math.max(this.#time * 2, LEAST), this.#most);
    } else this.#time = this.#time / 2 < LEAST ? 0 : this.#time / 2;
  }
}
