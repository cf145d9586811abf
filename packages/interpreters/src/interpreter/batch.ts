/**
 * Many items on their way into a queue, or out of it, in one step of the queue's lock.
 */
import { encode } from "../codec/codec.js";
import { Scratch } from "../codec/scratch.js";
import type { SharedMemory } from "../memory/atomics.js";
import { OK, RECORD_CODEC_SHIFT, RECORD_UNBOUND_SHIFT, STATUS_NO_MEMORY } from "../memory/layout.js";
import { freePages } from "../memory/pages.js";
import { makeBlob, needsBlob } from "../queue/channel.js";
import { type OutgoingRecord, putMany } from "../queue/queues.js";
import { checkReferences } from "./message.js";

const NONE: readonly number[] = [];

/** Encoded items, one behind the other in one scratch. Make it, put it until it is empty, discard it. */
export class Batch {
  readonly #scratch = new Scratch();
  readonly #records: OutgoingRecord[] = [];
  /** How many of them were put. */
  #put = 0;

  /** Encodes all, or throws and nothing was put. */
  constructor(values: Iterable<unknown>, unbound: number) {
    const scratch = this.#scratch;
    // Made only for an error: it would be a good part of what a number costs.
    const root = (): string => `values[${this.#records.length}]`;
    for (const value of values) {
      const start = scratch.end;
      const firstReference = scratch.refs.length;
      const codec = encode(scratch, value, root);
      let references = NONE;
      if (scratch.refs.length > firstReference) {
        references = scratch.refs.slice(firstReference);
        checkReferences(references, root());
      }
      const flags = (codec << RECORD_CODEC_SHIFT) | (unbound << RECORD_UNBOUND_SHIFT);
      this.#records.push({ flags, references, start, length: scratch.end - start, blob: 0 });
    }
  }

  get put(): number {
    return this.#put;
  }

  get left(): number {
    return this.#records.length - this.#put;
  }

  /** Puts as many as there is room for, in order. The status is that of the first which was not put; OK: all were. */
  intoQueue(m: SharedMemory, q: number, wait: boolean, sender: number): number {
    // Large payloads are written to pages of their own before, outside the lock.
    const { bytes } = this.#scratch;
    for (const record of this.#records.slice(this.#put)) {
      const { references, start, length, blob } = record;
      if (blob !== 0 || !needsBlob(references.length * 4 + length)) continue;
      record.blob = makeBlob(m, references, bytes, start, length);
      if (record.blob === 0) return STATUS_NO_MEMORY;
    }
    const count = putMany(m, q, wait, sender, bytes, this.#records, this.#put);
    this.#put += count.put;
    return this.left === 0 ? OK : count.status;
  }

  /** Gives back the pages of what was not put. */
  discard(m: SharedMemory): void {
    for (const { blob } of this.#records.slice(this.#put)) if (blob !== 0) freePages(m, blob);
  }
}
