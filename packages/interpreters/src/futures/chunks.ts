/**
 * What `map` sends its workers: parcels of one item, or of several (chunks, interpreter/chunk.ts), and what comes back.
 */
import type { CallBatchReply } from "../wire/call-batch.js";
import type { Trace } from "../thread/trace.js";
import { failureOf } from "./failure.js";
import type { Future } from "./future.js";

/** How long a chunk should take when its size is `auto`; milliseconds. Far above what sending it costs. */
const CHUNK_TIME = 4;
/** Largest chunk that `auto` makes: what is under way stays small, however quick the function is. */
const MOST_ITEMS = 128;
/** Chunks whose items, or results, are larger than this together become smaller. */
const MOST_BYTES = 1 << 20;

/** Items on their way. */
export interface Parcel {
  readonly future: Future<unknown>;
  /** Whether its result is a ChunkReply. */
  readonly chunk: boolean;
  readonly size: number;
}

/** What came back of a parcel: results in the order of the items, and how the next one failed. */
export interface Results<O> {
  readonly values: O[];
  readonly failure: { readonly error: unknown } | undefined;
}

/** The results of a parcel that is done. */
export function resultsOf<O>({ future, chunk }: Parcel, trace: Trace): Results<O> {
  const ended = future.settled();
  // A death takes a chunk's first results with it: they were never sent.
  if (ended.status === "rejected") return { values: [], failure: { error: ended.reason } };
  if (!chunk) return { values: [ended.value as O], failure: undefined };
  const { values, failure } = ended.value as CallBatchReply & { values: O[] };
  if (failure === undefined) return { values, failure };
  return { values, failure: { error: failureOf(failure.status, failure.value, failure.interpreter, trace) } };
}

/** How large the next chunk is to be. */
export class ChunkSize {
  readonly #auto: boolean;
  #size: number;

  constructor(chunksize: number | "auto") {
    this.#auto = chunksize === "auto";
    this.#size = chunksize === "auto" ? 1 : chunksize;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether to send single items as what they are: nothing is learnt from how long they take. */
  get single(): boolean {
    return !this.#auto && this.#size === 1;
  }

  /** Learns from a parcel that is done: doubles, or halves, where its time was far from what it should be. */
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
