/**
 * What a thread asked for and has no answer to yet, by number.
 *
 * The numbers are ours to give, so no hash table is needed: each is the next one whose last bits name a place that is free.
 * Half of the places are, at least, so the next is soon found, and a number that is in use, however long, is not given
 * again. (A `Map` of them took a tenth of what an empty task costs who submits it.)
 */

const FEWEST = 64;
const HIGHEST = 0x7fffffff;

export class PendingTable<T> {
  /** A power of two of places, and the number of who is there. */
  #places: (T | undefined)[] = makePlaces(FEWEST);
  #numbers = new Int32Array(FEWEST);
  #size = 0;
  #last = 0;

  get size(): number {
    return this.#size;
  }

  /** Returns its number, which is positive and is no other's that is here. */
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

  /** Returns what had the number, if anything. */
  take(number: number): T | undefined {
    const pending = this.get(number);
    if (pending === undefined) return undefined;
    this.#places[number & (this.#places.length - 1)] = undefined;
    // What many needed at a time is not kept for ever.
    if (--this.#size === 0 && this.#places.length > KEPT) this.#resize(FEWEST);
    return pending;
  }

  /** Those that are here, oldest first (until the numbers begin again). */
  numbers(): number[] {
    return [...this.#numbers]
      .filter((_, place) => this.#places[place] !== undefined)
      .toSorted((a, b) => a - b);
  }

  #grow(): void {
    this.#resize(this.#places.length * 2);
  }

  /** To at least as many as there are places taken. Who had different places has different ones among more, too. */
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

/** So many places stay, once there were. */
const KEPT = 1 << 12;

function makePlaces<T>(count: number): (T | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
