/**
 * Claims on tasks that were posted ahead: a worker that still has work gets short tasks in advance, so that it need not wait for the pool
 * between two of them. Such a task has a *claim*, a word of shared memory. The worker takes the claim when it begins the task; the pool takes it
 * to withdraw the task, for instance because another worker has become idle. Exactly one of them succeeds.
 *
 * Claim 0 means none. Its word is the average time of the last tasks, in microseconds, from 1; 0 before there was any. Workers measure it: to the pool, tasks
 * on a busy machine seem to take as long as its threads wait for a processor.
 */
const TIME = 0;
/** The last so many tasks count. */
const WINDOW = 8;
const LONGEST = 2 ** 30;
const FREE = 0;
const TAKEN = 1;

const take = (words: Int32Array, claim: number): boolean =>
  Atomics.compareExchange(words, claim, FREE, TAKEN) === FREE;

/** The pool's side. */
export class Claims {
  readonly words: Int32Array;
  readonly #unused: number[];

  constructor(size: number) {
    this.words = new Int32Array(new SharedArrayBuffer((size + 1) * Int32Array.BYTES_PER_ELEMENT));
    this.#unused = Array.from({ length: size }, (_, i) => size - i);
  }

  /** How many more can be opened. */
  get available(): number {
    return this.#unused.length;
  }

  /** An open claim, or 0 if all are in use: a task without one cannot be withdrawn. */
  open(): number {
    const claim = this.#unused.pop() ?? 0;
    if (claim !== 0) Atomics.store(this.words, claim, FREE);
    return claim;
  }

  /** The average time of the last tasks in milliseconds; Infinity if there was none. */
  get time(): number {
    const microseconds = Atomics.load(this.words, TIME);
    return microseconds === 0 ? Infinity : microseconds / 1000;
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

/** The worker's side: counts the time of a task. Other workers may count theirs at the same time, and an approximation will do. */
export function noteTime(words: Int32Array, milliseconds: number): void {
  const time = Math.min(milliseconds * 1000, LONGEST);
  const before = Atomics.load(words, TIME);
  const average = before === 0 ? time : before + (time - before) / WINDOW;
  Atomics.store(words, TIME, Math.max(1, Math.round(average)));
}

/** The worker's side: whether the worker may run the task. */
export const claimTask = (words: Int32Array | undefined, claim: number): boolean =>
  claim === 0 || words === undefined || take(words, claim);
