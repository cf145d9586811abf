/** The promises that suspended threads of one Python wait for, because of other interpreters. An interrupt resolves them early. */
export class Waits {
  readonly #ends = new Set<() => void>();

  /** A promise that is resolved when `promise` is settled, or by `interrupt`. */
  for(promise: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#ends.delete(end);
        resolve();
      };
      this.#ends.add(end);
      promise.then(end, end);
    });
  }

  interrupt(): void {
    for (const end of this.#ends) end();
  }
}
