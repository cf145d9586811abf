/**
 * Records that were taken: the mirror of outgoing.ts. Their payloads go to a private buffer of the receiver.
 *
 * Small payloads are copied under the lock. Large ones lie in pages of their own, which the receiver owns from the moment
 * it took the record; it decodes them in place, or copies them afterwards (`unload`).
 */
import { get, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import {
  C_HEAD,
  INLINE_BYTES,
  MAX_REFERENCES,
  R_FLAGS,
  R_LENGTH,
  R_SENDER,
  R_SIZE,
  RECORD_BLOB,
  RECORD_CODEC_SHIFT,
  RECORD_ERROR,
  RECORD_HEADER,
  RECORD_LIVE,
  RECORD_REFERENCES_SHIFT,
  RECORD_STATE,
} from "../memory/layout.js";
import { freePages } from "../memory/page-allocator.js";
import { type Space, spaceOf } from "../memory/space.js";
import { first, take, takeBatch } from "./channel.js";
import { copyPayload, payloadOf, recordWords, stateOf } from "./records.js";

/** Most bytes that a record without a blob takes in a segment, with its header. */
const MOST_BYTES = recordWords(INLINE_BYTES) * 4;

/** Largest buffer that many records share: small enough to stay in the processor's cache, large enough to make copying batches worthwhile. */
const MANY_BYTES = 1 << 17;

/** A record that was taken. */
export interface Received extends Space {
  /** RECORD_LIVE, RECORD_UNBOUND or RECORD_ERROR. */
  state: number;
  codec: number;
  sender: InterpreterId;
  /** How many triples of references the payload begins with. */
  references: number;
  /** Bytes of the payload. */
  length: number;
  /** The payload begins at this byte, a multiple of 4. The space is replaced by a larger one when needed. */
  start: number;
  /** Pages that still hold the payload, or 0. */
  blob: Pointer;
}

export function makeReceived({ bytes, view, words }: Space = makeSpace(INLINE_BYTES)): Received {
  return {
    state: 0,
    codec: 0,
    sender: -1 as InterpreterId,
    references: 0,
    length: 0,
    bytes,
    view,
    words,
    start: 0,
    blob: 0,
  };
}

/** The place for many records that are taken in one step of the lock, so that nothing is allocated under it. */
export interface ReceivedMany {
  readonly records: readonly Received[];
  /** Holds their payloads, one behind the other. */
  readonly space: Space;
  /** Triples that describe the batches: index of the first record, how many records, and the index in `space.words` where they begin. */
  readonly batches: number[];
}

/** Makes a place for up to `count` records, or fewer if they are large. */
export function makeReceivedMany(count: number): ReceivedMany {
  const space = makeSpace(Math.min(count * MOST_BYTES, MANY_BYTES));
  return { records: Array.from({ length: count }, () => makeReceived(space)), space, batches: [] };
}

function makeSpace(bytes: number): Space {
  return spaceOf(Buffer.allocUnsafeSlow(bytes));
}

/** Makes `space` the one that holds the payload. */
function useSpace(received: Received, { bytes, view, words }: Space): void {
  received.bytes = bytes;
  received.view = view;
  received.words = words;
}

/** Takes the record `r` that `first` returned into `into`. Under the takers' lock. */
export function receive(m: SharedMemory, c: Pointer, r: Pointer, into: Received): void {
  // Read once, and not by each of the functions of records.ts: this is the hot path.
  const flags = get(m, r + R_FLAGS);
  const live = (flags & RECORD_STATE) === RECORD_LIVE;
  const length = live ? get(m, r + R_LENGTH) : 0;
  into.state = flags & RECORD_STATE;
  into.codec = (flags >>> RECORD_CODEC_SHIFT) & 0xff;
  into.sender = get(m, r + R_SENDER) as InterpreterId;
  into.references = live ? (flags >>> RECORD_REFERENCES_SHIFT) & MAX_REFERENCES : 0;
  into.length = length;
  if ((flags & RECORD_BLOB) !== 0) into.blob = payloadOf(m, r);
  else {
    into.blob = 0;
    copyPayload(m, (r + RECORD_HEADER) as Pointer, into, into.start, length);
  }
  take(m, c, r);
}

/**
 * Takes up to `most` records of channel `c`, as many as `into` has room for. A record that is an error for its taker comes alone, so
 * that the error loses no record taken with it. Returns how many; call `describeBatches` before reading them. Under the takers'
 * lock.
 */
export function receiveMany(m: SharedMemory, c: Pointer, into: ReceivedMany, most: number): number {
  const { space, records, batches } = into;
  const { bytes } = space;
  let count = 0;
  let used = 0;
  batches.length = 0;
  for (let r = first(m, c); r !== 0 && count < most; r = first(m, c)) {
    const batch = takeBatch(m, c, r, bytes, used, most - count);
    if (batch > 0) {
      batches.push(count, batch, used >> 2);
      used += (get(m, c + C_HEAD) - r) * 4;
      count += batch;
      continue;
    }
    const alone = stateOf(m, r) === RECORD_ERROR;
    if (count > 0 && (alone || bytes.length - used < MOST_BYTES)) break;
    const record = records[count++];
    useSpace(record, space);
    record.start = used;
    receive(m, c, r, record);
    if (record.blob === 0) used += ((record.length + 7) >> 3) << 3;
    if (alone) break;
  }
  return count;
}

/** Fills in the records that were taken in batches from their headers. Needs no lock. */
export function describeBatches({ space, records, batches }: ReceivedMany): void {
  const { words } = space;
  for (let n = 0; n < batches.length; n += 3) {
    let at = batches[n + 2];
    for (let i = batches[n], end = i + batches[n + 1]; i < end; i++) {
      const record = records[i];
      record.state = RECORD_LIVE;
      record.codec = (words[at + R_FLAGS] >>> RECORD_CODEC_SHIFT) & 0xff;
      record.sender = words[at + R_SENDER] as InterpreterId;
      record.references = 0;
      record.length = words[at + R_LENGTH];
      record.blob = 0;
      useSpace(record, space);
      record.start = (at + RECORD_HEADER) * 4;
      at += words[at + R_SIZE];
    }
  }
}

/** Copies a large payload out and frees its pages. Call it outside the lock; does nothing for small ones. */
export function unload(m: SharedMemory, into: Received): void {
  if (into.blob === 0) return;
  // A buffer of its own: the present one may be shared with other records.
  useSpace(into, makeSpace(into.length));
  into.start = 0;
  copyPayload(m, into.blob, into, 0, into.length);
  freePages(m, into.blob);
  into.blob = 0;
}

/** The word at index `i` of the payload. */
export function wordAt(received: Received, i: number): number {
  return received.view.getInt32(received.start + i * 4, true);
}

/** A record apart from the struct into which the next one is taken. */
export function keep(received: Received): Received {
  const { bytes, start, length, blob } = received;
  if (blob !== 0) {
    received.blob = 0 as Pointer;
    return { ...received, blob };
  }
  const own = Buffer.from(bytes.subarray(start, start + length));
  return { ...received, bytes: own, view: new DataView(own.buffer, own.byteOffset, length), start: 0 };
}
