/**
 * When a thread that polls in vain stops for a while. Polls in vain that are followed by short waits show that the thread shares a processor with the one
 * that it waits for, and keeps that one from going on. This is the account of the time that was lost so, and of the time that other polls gained:
 * when enough is lost, a rest begins, and each is longer than the last, until polling has gained as much as it may.
 *
 * All times are in milliseconds.
 */
const MIN_REST = 50;
const MAX_REST = 2_000;

export class Rest {
  readonly #mostGained: number;
  /** What is lost, less what is gained; at least `-mostGained`. */
  #lost = 0;
  #length = MIN_REST;
  /** When the rest ends; 0 if there is none. */
  #ends = 0;

  /** `mostGained`: as soon as so much is gained, the rests begin anew with a short one. */
  constructor(mostGained: number) {
    this.#mostGained = mostGained;
  }

  /** Whether a rest was begun, and `goesOn` has not found its end. */
  get isOn(): boolean {
    return this.#ends !== 0;
  }

  /** Whether a rest is on at `now`. */
  goesOn(now: number): boolean {
    if (now >= this.#ends) this.#ends = 0;
    return this.isOn;
  }

  gain(time: number): void {
    this.#lost = Math.max(this.#lost - time, -this.#mostGained);
    if (this.#lost === -this.#mostGained) this.#length = MIN_REST;
  }

  /** Returns whether `enough` is lost with this: then a rest begins. */
  lose(time: number, enough: number, now: number): boolean {
    this.#lost += time;
    if (this.#lost < enough) return false;
    this.#lost = 0;
    this.#ends = now + this.#length;
    this.#length = Math.min(this.#length * 2, MAX_REST);
    return true;
  }
}
