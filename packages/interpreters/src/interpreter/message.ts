/**
 * Building records and reading them: headers, values, references, large payloads.
 */
import { decode, encode } from "../codec/codec.js";
import { acquireScratch, releaseScratch, type Scratch } from "../codec/scratch.js";
import { InterpreterError } from "../errors.js";
import { get, type SharedMemory } from "../memory/atomics.js";
import {
  MAX_REFERENCES,
  RECORD_CODEC_SHIFT,
  RECORD_UNBOUND_SHIFT,
  REF_WORDS,
  STATUS_NO_MEMORY,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "../memory/layout.js";
import { freePages } from "../memory/pages.js";
import { makeBlob, needsBlob } from "../queue/channel.js";
import type { Received } from "../queue/receive.js";
import { HEADER_WORDS } from "./protocol.js";

const HEADER_BYTES = HEADER_WORDS * 4;

/** A record on its way out. Build it, `post` it once, `discard` it. */
export class Message {
  readonly scratch: Scratch = acquireScratch();
  #codec = 0;

  header(sequence: number, kind: number, a = 0, b = 0, c = 0, d = 0): this {
    const { scratch } = this;
    scratch.reserve(HEADER_BYTES);
    const { bytes, end } = scratch;
    bytes.writeInt32LE(sequence, end);
    bytes.writeInt32LE(kind, end + 4);
    bytes.writeInt32LE(a, end + 8);
    bytes.writeInt32LE(b, end + 12);
    bytes.writeInt32LE(c, end + 16);
    bytes.writeInt32LE(d, end + 20);
    scratch.end = end + HEADER_BYTES;
    return this;
  }

  /** Throws NotShareableError naming the path from `root`; with `lenient` it never throws. */
  value(value: unknown, root: string, lenient = false): this {
    this.#codec = encode(this.scratch, value, root, lenient);
    if (this.scratch.refs.length / REF_WORDS > MAX_REFERENCES) {
      throw new InterpreterError(
        `Cannot send ${root}: it refers to more than ${MAX_REFERENCES} queues and interpreters. Send it in parts.`,
      );
    }
    return this;
  }

  /** Drops a value that turned out not to be sendable, keeping what was before it. */
  rewind(end: number): void {
    this.scratch.end = end;
    this.scratch.refs.length = 0;
  }

  /**
   * Hands the record to `put`, which says where it goes, and returns its status. A large payload is written to pages
   * of its own before, which are taken back unless it was put.
   */
  post(m: SharedMemory, unbound: number, put: Put): number {
    const { bytes, end, refs } = this.scratch;
    const payload = refs.length * 4 + end;
    let blob = 0;
    if (needsBlob(payload)) {
      blob = makeBlob(m, refs, bytes, 0, end);
      if (blob === 0) return STATUS_NO_MEMORY;
    }
    const flags = (this.#codec << RECORD_CODEC_SHIFT) | (unbound << RECORD_UNBOUND_SHIFT);
    const status = put(flags, refs, bytes, end, blob);
    if (status !== 0 && blob !== 0) freePages(m, blob);
    return status;
  }

  discard(): void {
    releaseScratch(this.scratch);
  }
}

export type Put = (flags: number, refs: number[], bytes: Buffer, length: number, blob: number) => number;

/** Work is dropped when its sender dies: nobody waits for it. A reply is kept: it was earned before the death. */
export const WITH_SENDER = UNBOUND_ITEM_REMOVE;
export const WITHOUT_SENDER = UNBOUND_ITEM_KEEP;

/** The `i`-th word behind the references. */
export function headerWord(m: SharedMemory, received: Received, i: number): number {
  const word = received.references * REF_WORDS + i;
  return received.blob !== 0 ? get(m, received.blob + word) : received.bytes.readInt32LE(word * 4);
}

/**
 * Decodes the value behind `skip` bytes of header and gives the pages of a large payload back. To be called once for
 * every record that was taken and may carry something: decoding is what makes its references handles of this thread.
 */
export function readValue(m: SharedMemory, received: Received, skip: number, free = freePages): unknown {
  const { blob } = received;
  const bytes = blob !== 0 ? m.u8 : received.bytes;
  const start = blob * 4;
  const words = received.references * REF_WORDS;
  const references: number[] = [];
  for (let i = 0; i < words; i++) references.push(bytes.readInt32LE(start + i * 4));
  received.blob = 0;
  try {
    // A header alone carries no value.
    if (words * 4 + skip === received.length) return undefined;
    return decode(bytes, start + words * 4 + skip, start + received.length, references);
  } finally {
    if (blob !== 0) free(m, blob);
  }
}

/** The value behind a mailbox record's header. */
export function readBody(m: SharedMemory, received: Received, free = freePages): unknown {
  return readValue(m, received, HEADER_BYTES, free);
}
