/**
 * Parcels, in which `map` sends items to workers: a single item as a plain task, or a call batch of several
 * (wire/call-batch.ts). And the results that come back.
 */
import type { Link } from "../base/linked-list.js";
import type { CallBatchReply } from "../wire/call-batch.js";
import type { Trace } from "../thread/trace.js";
import { failureOf, nameItems } from "./failure.js";
import type { Future } from "./future.js";

/** Milliseconds that a call batch should take if `chunksize` is `auto`. Far above the cost of sending it. */
const CHUNK_TIME = 4;
/** The largest call batch that `auto` makes, so that few items are under way however quick the function is. */
const MOST_ITEMS = 128;
/** Bytes. `auto` shrinks call batches whose items, or results, exceed this in total. */
const MOST_BYTES = 1 << 20;

/** Items that are submitted as one task. */
export interface Parcel {
  readonly future: Future<unknown>;
  /** Whether it is a call batch, whose result is a CallBatchReply. */
  readonly chunk: boolean;
  /** The index of its first item. */
  readonly first: number;
  /** How many items it has. */
  readonly size: number;
  /** The arguments of the calls of a call batch, kept if those after one that fails must be sent again. */
  lists?: readonly unknown[][] | undefined;
  /** Its place in the window (map-iteration.ts), also when it has left. */
  link?: Link<Parcel>;
}

/**
 * The results of a parcel in the order of its items, up to the first item that failed, and that failure. `lost` says how many items
 * share it: all of a call batch whose interpreter died, for instance.
 */
export interface Results<O> {
  readonly values: O[];
  readonly failure: { readonly error: unknown; readonly lost: number } | undefined;
}

/** The results of a parcel that is done. */
export function resultsOf<O>({ future, chunk, first, size }: Parcel, what: string, trace: Trace): Results<O> {
  const ended = future.settled();
  if (ended.status === "rejected") {
    // A death loses the call batch's first results too: they were never sent.
    nameItems(ended.reason, { what, first, size });
    return { values: [], failure: { error: ended.reason, lost: size } };
  }
  if (!chunk) return { values: [ended.value as O], failure: undefined };
  const { values, failure } = ended.value as CallBatchReply & { values: O[] };
  if (failure === undefined) return { values, failure };
  const error = failureOf(failure.status, failure.value, failure.interpreter, trace);
  nameItems(error, { what, first: first + values.length, size: 1 });
  return { values, failure: { error, lost: 1 } };
}

/** How many items of a call batch that is done were not called, because an earlier one failed. */
export function notCalled({ future, chunk, size }: Parcel): number {
  const ended = future.settled();
  if (!chunk || ended.status === "rejected") return 0;
  const { values, failure } = ended.value as CallBatchReply;
  return failure === undefined ? 0 : size - values.length - 1;
}

/** The size of the next call batch. */
export class ChunkSize {
  readonly #auto: boolean;
  /** From 1 to MOST_ITEMS if `auto`; constant otherwise. */
  #size: number;

  constructor(chunksize: number | "auto") {
    this.#auto = chunksize === "auto";
    this.#size = chunksize === "auto" ? 1 : chunksize;
  }

  /** How many items the next parcel should have. */
  get size(): number {
    return this.#size;
  }

  /**
   * Whether to send each item as a plain task. With `auto` even a single item goes as a call batch, whose reply says how
   * long it took.
   */
  get single(): boolean {
    return !this.#auto && this.#size === 1;
  }

  /** Learns from a parcel that is done: doubles or halves the size if its time was far from CHUNK_TIME, or it was large. */
  learn({ future, chunk, size }: Parcel): void {
    const ended = future.settled();
    if (!this.#auto || !chunk || ended.status === "rejected") return;
    const scale = this.#size / size;
    const time = (ended.value as CallBatchReply).took * scale;
    const bytes = future.bytes * scale;
    if (time > CHUNK_TIME * 2 || bytes > MOST_BYTES) this.#size = Math.max(this.#size >> 1, 1);
    else if (time < CHUNK_TIME / 2 && bytes < MOST_BYTES / 2)
      this.#size = Math.min(this.#size * 2, MOST_ITEMS);
  }
}
