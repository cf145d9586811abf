/**
 * How long, after the last answer, an event loop keeps looking for the next before it sleeps; milliseconds.
 *
 * Halved whenever the sleep that followed was a long one, and doubled only when it was not: looking takes time from those who
 * are to answer, where there are as many of them as processors, and of two that compute for a millisecond each, some answer
 * shortly one after the other.
 */
const MOST = 0.06;
/** A turn of the event loop takes that long: less is nothing. */
const LEAST = 0.002;
/** A sleep shorter than that was one too many. */
const SHORT_SLEEP = 0.1;

export class AdaptivePoll {
  #time = MOST;

  get time(): number {
    return this.#time;
  }

  /** The sleep that came after lingering lasted so long. */
  slept(time: number): void {
    if (time < SHORT_SLEEP) this.#time = Math.min(Math.max(this.#time * 2, LEAST), MOST);
    else this.#time = this.#time / 2 < LEAST ? 0 : this.#time / 2;
  }
}
