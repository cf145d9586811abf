/**
 * How long, after its last reply, an event loop keeps polling for the next one before it parks. All times are in milliseconds.
 *
 * The time is halved whenever the park that followed was long, and doubled only when it was short. Polling takes time from the
 * threads that will reply if there are as many of them as processors, and even of two threads that compute for a millisecond
 * each, one sometimes replies shortly after the other.
 */
const MOST = 0.06;
/** A turn of the event loop takes this long: a shorter time is none. */
const LEAST = 0.002;
/** A park shorter than this should have been a poll. */
const SHORT_PARK = 0.1;

export class AdaptivePoll {
  #time = MOST;

  /** How long to poll after the last reply. */
  get time(): number {
    return this.#time;
  }

  /** The park that followed the polling lasted `time`. */
  parked(time: number): void {
    if (time < SHORT_PARK) this.#time = Math.min(Math.max(this.#time * 2, LEAST), MOST);
    else this.#time = this.#time / 2 < LEAST ? 0 : this.#time / 2;
  }
}
