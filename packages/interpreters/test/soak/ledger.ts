/**
 * A record of what certainly happened in a round: which producer put how much, which items came out, and how many each
 * consumer had in hand. Its memory outlives every interpreter and is independent of the package.
 */
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

/** The most producers and consumers of a round, and the most items of each producer. */
export const PRODUCERS = 16;
export const CONSUMERS = 16;
export const ITEMS = 2048;

const BEGUN = 0;
const PUT = BEGUN + PRODUCERS;
const HAND = PUT + PRODUCERS;
const TAKEN = HAND + CONSUMERS;
const UNBOUND = TAKEN + CONSUMERS;
const DESTROYED = UNBOUND + CONSUMERS;
const WRONG = DESTROYED + CONSUMERS;
const DELIVERED = WRONG + 1;
const WORDS = DELIVERED + PRODUCERS * ITEMS;

const COLUMNS = {
  put: [PUT, PRODUCERS],
  taken: [TAKEN, CONSUMERS],
  replaced: [UNBOUND, CONSUMERS],
  destroyed: [DESTROYED, CONSUMERS],
} as const;

const KEY = "soak.ledger";

/** A lane uses its ledgers in turn: a thread that was terminated may run on for a while, and still write into that of its round. */
const IN_TURN = 32;

/** Makes the ledgers of each lane. Threads inherit them from the thread that starts them: call it before the first starts. */
export function makeLedgers(lanes: number): Ledger[][] {
  const shared = new SharedArrayBuffer(lanes * IN_TURN * WORDS * 4);
  setEnvironmentData(KEY, shared as unknown as NodeJS.Dict<string>);
  return Array.from({ length: lanes }, (_lane, lane) =>
    Array.from({ length: IN_TURN }, (_ledger, i) => new Ledger(shared, lane * IN_TURN + i)),
  );
}

/** The ledger of that number, in any interpreter. */
export function ledgerOf(number: number): Ledger {
  return new Ledger(getEnvironmentData(KEY) as unknown as SharedArrayBuffer, number);
}

export class Ledger {
  readonly number: number;
  readonly #words: Int32Array;

  constructor(shared: SharedArrayBuffer, number: number) {
    this.number = number;
    this.#words = new Int32Array(shared, number * WORDS * 4, WORDS);
  }

  clear(): void {
    this.#words.fill(0);
  }

  /** From now on, the producer may have put its items below `end`. */
  begin(producer: number, end: number): void {
    Atomics.store(this.#words, BEGUN + producer, end);
  }

  /** The producer has put all its items below `end`. */
  put(producer: number, end: number): void {
    Atomics.store(this.#words, PUT + producer, end);
  }

  begunBy(producer: number): number {
    return Atomics.load(this.#words, BEGUN + producer);
  }

  putBy(producer: number): number {
    return Atomics.load(this.#words, PUT + producer);
  }

  /** The consumer may have taken up to `count` items that are not noted yet. */
  hold(consumer: number, count: number): void {
    Atomics.store(this.#words, HAND + consumer, count);
  }

  inHandOf(consumer: number): number {
    return Atomics.load(this.#words, HAND + consumer);
  }

  /** Notes that an item came out, and returns how often it came out before. */
  deliver(consumer: number, producer: number, number: number): number {
    this.#take(consumer);
    return Atomics.add(this.#words, DELIVERED + producer * ITEMS + number, 1);
  }

  wasDelivered(producer: number, number: number): number {
    return Atomics.load(this.#words, DELIVERED + producer * ITEMS + number);
  }

  /** Notes that UNBOUND came out in place of an item. */
  replaced(consumer: number): void {
    this.#take(consumer);
    Atomics.add(this.#words, UNBOUND + consumer, 1);
  }

  /** Notes that a get threw ItemInterpreterDestroyed in place of an item. */
  destroyed(consumer: number): void {
    this.#take(consumer);
    Atomics.add(this.#words, DESTROYED + consumer, 1);
  }

  #take(consumer: number): void {
    Atomics.add(this.#words, TAKEN + consumer, 1);
  }

  takenBy(consumer: number): number {
    return Atomics.load(this.#words, TAKEN + consumer);
  }

  /** The sum over all producers, or all consumers. */
  sum(what: keyof typeof COLUMNS): number {
    const [from, count] = COLUMNS[what];
    let sum = 0;
    for (let i = 0; i < count; i++) sum += Atomics.load(this.#words, from + i);
    return sum;
  }

  /** Notes that a consumer found a flaw. The consumer throws too, but may be killed before its error arrives. */
  complain(): void {
    Atomics.store(this.#words, WRONG, 1);
  }

  get wrong(): boolean {
    return Atomics.load(this.#words, WRONG) !== 0;
  }
}
