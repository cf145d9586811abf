/** Records on their way into a channel: the mirror of receive.ts. */
import type { InterpreterId, Pointer } from "../memory/brands.js";
import { R_SIZE } from "../memory/layout.js";
import type { Space } from "../memory/space.js";

/**
 * A record to be put. Its owner fills it and reuses it for one record after another, so that putting allocates no object. Always made
 * by `makeOutgoing`, so that the engine sees one shape everywhere.
 */
export interface OutgoingRecord extends Pick<Space, "bytes" | "words"> {
  /** Codec tag and unbound behaviour, as they stand in R_FLAGS; `append` adds the rest. */
  flags: number;
  /** Id of the interpreter that puts it. */
  sender: InterpreterId;
  /** Triples { kind, a, b } of what the value refers to. */
  references: ArrayLike<number>;
  /** The encoded value: `length` bytes from byte `start` on, which is a multiple of 4. */
  start: number;
  length: number;
  /** Pages that hold the payload already (`makeBlob`), or 0. They go with the record once it was put. */
  blob: Pointer;
}

const NO_REFERENCES: readonly number[] = [];

export function makeOutgoing({ bytes, words }: Pick<Space, "bytes" | "words">): OutgoingRecord {
  return {
    flags: 0,
    sender: -1 as InterpreterId,
    references: NO_REFERENCES,
    bytes,
    words,
    start: 0,
    length: 0,
    blob: 0,
  };
}

/** Bytes of the payload: references, then the value. */
export function payloadBytes({ references, length }: OutgoingRecord): number {
  return references.length * 4 + length;
}

/**
 * Many records of one sender, to be put in few steps of the lock. They lie one behind the other, as in a segment (`recordWords`), but
 * for references and large payloads.
 */
export interface OutgoingMany extends Readonly<Pick<Space, "bytes" | "words">> {
  readonly sender: InterpreterId;
  readonly count: number;
  /** Those that are not plain, in order. */
  readonly special: readonly SpecialRecord[];
  /** How many were put, and the index in `words` where the next one begins. Those who put them move these on. */
  next: number;
  at: number;
}

export interface SpecialRecord {
  readonly index: number;
  readonly record: OutgoingRecord;
}

/** Moves on to the record after the next one. */
export function skipRecord(records: OutgoingMany): void {
  records.at += records.words[records.at + R_SIZE];
  records.next++;
}
