/**
 * The operations that a thread has begun and that have no outcome yet, by sequence number.
 *
 * The table chooses the numbers, so it needs no hashing: a new number is the next one whose low bits name a free place. At least
 * half of the places are free, so the next one is near, and a number that is in use, for however long, is never given again. (A
 * `Map` took a tenth of the time that submitting an empty task costs.)
 */

const FEWEST = 64;
const HIGHEST = 0x7fffffff;

export class PendingTable<T> {
  /** The places, a power of two of them, and the number of the entry in each. */
  #places: (T | undefined)[] = makePlaces(FEWEST);
  #numbers = new Int32Array(FEWEST);
  #size = 0;
  #last = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds an entry and returns its number, which is positive and unique among the entries. */
  add(pending: T): number {
    if (this.#size * 2 >= this.#places.length) this.#grow();
    const places = this.#places;
    const mask = places.length - 1;
    let number = this.#last;
    do number = number === HIGHEST ? 1 : number + 1;
    while (places[number & mask] !== undefined);
    this.#last = number;
    places[number & mask] = pending;
    this.#numbers[number & mask] = number;
    this.#size++;
    return number;
  }

  get(number: number): T | undefined {
    const place = number & (this.#places.length - 1);
    return this.#numbers[place] === number ? this.#places[place] : undefined;
  }

  /** Removes the entry with that number and returns it, or returns undefined if the number is free. */
  take(number: number): T | undefined {
    const pending = this.get(number);
    if (pending === undefined) return undefined;
    this.#places[number & (this.#places.length - 1)] = undefined;
    // Do not keep for ever the room that a peak needed.
    if (--this.#size === 0 && this.#places.length > KEPT) this.#resize(FEWEST);
    return pending;
  }

  /** The numbers of all entries, oldest first (until the numbers wrap around). */
  numbers(): number[] {
    return [...this.#numbers]
      .filter((_, place) => this.#places[place] !== undefined)
      .toSorted((a, b) => a - b);
  }

  #grow(): void {
    this.#resize(this.#places.length * 2);
  }

  /** `count` must be at least the number of entries. Entries in different places keep different places among more of them. */
  #resize(count: number): void {
    const [places, numbers] = [this.#places, this.#numbers];
    this.#places = makePlaces<T>(count);
    this.#numbers = new Int32Array(count);
    for (let i = 0; i < places.length; i++) {
      if (places[i] === undefined) continue;
      const place = numbers[i] & (count - 1);
      this.#places[place] = places[i];
      this.#numbers[place] = numbers[i];
    }
  }
}

/** A table of up to this many places does not shrink. */
const KEPT = 1 << 12;

function makePlaces<T>(count: number): (T | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
