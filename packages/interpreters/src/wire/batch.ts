/**
 * Many items on their way into a queue, in as few steps of the queue's lock as its room allows.
 *
 * They are encoded as the records that they will be (kernel/records.ts), so that putting them means copying them. An item that is
 * large, or refers to queues or interpreters, has an OutgoingRecord of its own beside them.
 */
import { encode } from "../codec/codec.js";
import { acquireScratch, releaseScratch } from "../codec/scratch.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import {
  OK,
  R_FLAGS,
  R_LENGTH,
  R_SENDER,
  R_SIZE,
  RECORD_CODEC_SHIFT,
  RECORD_HEADER,
  RECORD_LIVE,
  RECORD_UNBOUND_SHIFT,
  STATUS_NO_MEMORY,
} from "../memory/layout.js";
import { freePages } from "../memory/page-allocator.js";
import { makeBlob, needsBlob, recordWords } from "../kernel/records.js";
import { makeOutgoing, type OutgoingMany, payloadBytes, type SpecialRecord } from "../kernel/outgoing.js";
import { putMany } from "../kernel/queues.js";
import { checkReferences } from "./message.js";
import { referencesOnTheWay } from "./on-the-way.js";

const HEADER_BYTES = RECORD_HEADER * 4;

/** Encoded items: make a batch, put it until none is left, discard it. */
export class Batch {
  readonly #scratch = acquireScratch();
  readonly #sender: InterpreterId;
  readonly #special: SpecialRecord[] = [];
  readonly #outgoing: OutgoingMany;
  #count = 0;

  /** Encodes all items. Throws if one cannot be shared; then none is put. */
  constructor(values: Iterable<unknown>, sender: InterpreterId, unbound: number) {
    this.#sender = sender;
    try {
      for (const value of values) this.#add(value, unbound);
    } catch (error) {
      this.#arrive();
      releaseScratch(this.#scratch);
      throw error;
    }
    const { bytes, words } = this.#scratch;
    for (const { record } of this.#special) {
      record.bytes = bytes;
      record.words = words;
    }
    this.#outgoing = { sender, count: this.#count, bytes, words, special: this.#special, next: 0, at: 0 };
  }

  /** How many were put. */
  get put(): number {
    return this.#outgoing.next;
  }

  /** How many were not put yet. */
  get left(): number {
    return this.#count - this.put;
  }

  /** Puts as many as fit, in order. Returns the status of the first that was not put, or OK if all were. */
  intoQueue(m: SharedMemory, q: Pointer, wait: boolean): number {
    // Large payloads are written to pages of their own first, outside the lock.
    for (const { index, record } of this.#special) {
      if (index < this.put || record.blob !== 0 || !needsBlob(payloadBytes(record))) continue;
      record.blob = makeBlob(m, record);
      if (record.blob === 0) return STATUS_NO_MEMORY;
    }
    const status = putMany(m, q, wait, this.#outgoing);
    return this.left === 0 ? OK : status;
  }

  /** Frees the pages of items that were not put. The batch must not be used afterwards. */
  discard(m: SharedMemory): void {
    for (const { index, record } of this.#special) {
      if (index >= this.put && record.blob !== 0) freePages(m, record.blob);
    }
    this.#arrive();
    releaseScratch(this.#scratch);
  }

  /** The items were put, or never will be. */
  #arrive(): void {
    for (const { record } of this.#special) referencesOnTheWay(record.references, -1);
  }

  #add(value: unknown, unbound: number): void {
    const scratch = this.#scratch;
    const at = scratch.end;
    const firstReference = scratch.refs.length;
    if (at + HEADER_BYTES > scratch.bytes.length) scratch.reserve(HEADER_BYTES);
    scratch.end = at + HEADER_BYTES;
    // A function, called only for an error: making a name would be a good part of the time that a number takes.
    const codec = encode(scratch, value, this.#root);
    const length = scratch.end - at - HEADER_BYTES;
    const words = recordWords(length);
    const flags = (codec << RECORD_CODEC_SHIFT) | (unbound << RECORD_UNBOUND_SHIFT) | RECORD_LIVE;
    if (scratch.refs.length > firstReference || needsBlob(length)) {
      const record = makeOutgoing(scratch);
      record.flags = flags;
      record.sender = this.#sender;
      record.references = scratch.refs.slice(firstReference);
      record.start = at + HEADER_BYTES;
      record.length = length;
      referencesOnTheWay(record.references, 1);
      this.#special.push({ index: this.#count, record });
      checkReferences(record.references, this.#root());
    }
    const end = at + words * 4;
    if (end > scratch.bytes.length) scratch.reserve(end - scratch.end);
    scratch.end = end;
    const header = at >> 2;
    scratch.words[header + R_SIZE] = words;
    scratch.words[header + R_FLAGS] = flags;
    scratch.words[header + R_SENDER] = this.#sender;
    scratch.words[header + R_LENGTH] = length;
    this.#count++;
  }

  readonly #root = (): string => `values[${this.#count}]`;
}
