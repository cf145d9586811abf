/**
 * Counts durations, exact to two digits.
 *
 * Buckets are linear within each power of two, as in HdrHistogram: values below 256 have a bucket each, and each further power of
 * two has 128. A second table has the total of each power of two, so that a percentile takes 280 steps at most. (Node's histogram
 * walks all buckets up to the largest value for each figure: 13 µs for a snapshot of short durations, 100 µs with long ones.)
 */

/** The largest value: 32 bits hold an hour of microseconds. */
const HIGHEST = 3_600_000_000;
const BUCKETS_OF_POWER = 128;
/** Values from 0 to 255 share the first total; each further power of two up to the 32nd has one. */
const POWERS = 25;

export class Histogram {
  readonly #buckets = new Uint32Array((POWERS + 1) * BUCKETS_OF_POWER);
  readonly #totals = new Uint32Array(POWERS);
  count = 0;
  min = Infinity;
  max = 0;
  #sum = 0;

  get mean(): number {
    return this.#sum / this.count;
  }

  /** Counts a value, rounded to an integer from 1 to an hour. */
  record(value: number): void {
    const rounded = Math.min(Math.max(1, Math.round(value)), HIGHEST);
    const power = Math.max(0, 24 - Math.clz32(rounded));
    this.#buckets[power * BUCKETS_OF_POWER + (rounded >>> power)]++;
    this.#totals[power]++;
    this.count++;
    this.#sum += rounded;
    this.min = Math.min(this.min, rounded);
    this.max = Math.max(this.max, rounded);
  }

  /** The value that `percent` of the values do not exceed. There must be a value. */
  percentile(percent: number): number {
    let left = Math.max(1, Math.ceil((percent / 100) * this.count));
    let power = 0;
    while (left > this.#totals[power]) left -= this.#totals[power++];
    let bucket = power * BUCKETS_OF_POWER + (power === 0 ? 0 : BUCKETS_OF_POWER);
    while (left > this.#buckets[bucket]) left -= this.#buckets[bucket++];
    // The largest value of the bucket.
    const within = bucket - power * BUCKETS_OF_POWER;
    return Math.min((within + 1) * 2 ** power - 1, this.max);
  }
}
