/**
 * When operations were submitted, by sequence number: numbers that differ in their low bits, as the pending table chooses them
 * (thread/pending-table.ts), so that they need no hashing.
 */
export class SubmitTimes {
  #numbers = new Int32Array(1 << 10);
  #times = new Float64Array(1 << 10);

  set(number: number, time: number): void {
    for (;;) {
      const place = number & (this.#numbers.length - 1);
      if (this.#numbers[place] === 0) {
        this.#numbers[place] = number;
        this.#times[place] = time;
        return;
      }
      this.#grow();
    }
  }

  /** Removes the entry, and returns its time; -1 if the number has none. */
  take(number: number): number {
    const place = number & (this.#numbers.length - 1);
    if (this.#numbers[place] !== number) return -1;
    this.#numbers[place] = 0;
    return this.#times[place];
  }

  /** Entries in different places keep different places among more of them. */
  #grow(): void {
    const [numbers, times] = [this.#numbers, this.#times];
    this.#numbers = new Int32Array(numbers.length * 2);
    this.#times = new Float64Array(numbers.length * 2);
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] === 0) continue;
      const place = numbers[i] & (this.#numbers.length - 1);
      this.#numbers[place] = numbers[i];
      this.#times[place] = times[i];
    }
  }
}
