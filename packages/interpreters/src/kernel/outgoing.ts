/** Records on their way into a channel: the mirror of receive.ts. */
import type { InterpreterId, Pointer } from "../memory/brands.js";
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

/** Many records of one sender, to be put in few steps of the lock. */
export interface OutgoingMany {
  readonly sender: InterpreterId;
  readonly count: number;
  /** They lie here one behind the other, as in a segment (`recordWords`), but for references and large payloads. */
  readonly bytes: Buffer;
  /** The same bytes. */
  readonly view: DataView;
  /** Those that are not plain, in order. */
  readonly special: readonly SpecialRecord[];
}

export interface SpecialRecord {
  readonly index: number;
  readonly record: OutgoingRecord;
}
