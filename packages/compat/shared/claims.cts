/**
 * Claims on tasks that were posted ahead: a worker that still has work gets short tasks in advance, so that it need not wait for the pool
 * between two of them. Such a task has a *claim*, a word of shared memory. The worker takes the claim when it begins the task; the pool takes it
 * to withdraw the task, for instance because another worker has become idle. Exactly one of them succeeds.
 */
const FREE = 0;
const TAKEN = 1;

const take = (words: Int32Array, claim: number): boolean =>
  Atomics.compareExchange(words, claim, FREE, TAKEN) === FREE;

/** The pool's side. Claim 0 means none. */
export class Claims {
  readonly words: Int32Array;
  readonly #unused: number[];

  constructor(size: number) {
    this.words = new Int32Array(new SharedArrayBuffer((size + 1) * Int32Array.BYTES_PER_ELEMENT));
    this.#unused = Array.from({ length: size }, (_, i) => size - i);
  }

  /** An open claim, or 0 if all are in use. */
  open(): number {
    const claim = this.#unused.pop() ?? 0;
    if (claim !== 0) Atomics.store(this.words, claim, FREE);
    return claim;
  }

  /** Whether the pool has the task now. If not, the worker has begun it. */
  withdraw(claim: number): boolean {
    return claim !== 0 && take(this.words, claim);
  }

  /** To call when the worker cannot look at the claim any more. */
  release(claim: number): void {
    if (claim !== 0) this.#unused.push(claim);
  }
}

/** The worker's side: whether the worker may run the task. */
export const claimTask = (words: Int32Array | undefined, claim: number): boolean =>
  claim === 0 || words === undefined || take(words, claim);
