/**
 * Where a record goes when it is taken: a buffer of the receiver's own.
 *
 * Small payloads are copied under the lock, large ones (in pages of their own, which the receiver owns from the moment
 * it took the record) afterwards, by `unload`.
 */
import { get, type SharedMemory } from "../memory/atomics.js";
import { INLINE_BYTES, R_FLAGS, R_LENGTH, R_SENDER, RECORD_CODEC_SHIFT } from "../memory/layout.js";
import { freePages } from "../memory/pages.js";
import { copyPayload, isBlob, payloadOf, referencesOf, stateOf, take } from "./channel.js";

/** A record that was taken. */
export interface Received {
  /** RECORD_LIVE, RECORD_UNBOUND or RECORD_ERROR. */
  state: number;
  codec: number;
  sender: number;
  /** How many triples of references the payload begins with. */
  references: number;
  /** Bytes of the payload. */
  length: number;
  /** Holds the payload from `start` on; replaced by a larger one when needed. */
  bytes: Buffer;
  start: number;
  /** Pages that still hold the payload, or 0. */
  blob: number;
}

export function makeReceived(): Received {
  const bytes = Buffer.allocUnsafeSlow(INLINE_BYTES);
  return { state: 0, codec: 0, sender: -1, references: 0, length: 0, bytes, start: 0, blob: 0 };
}

/**
 * Places for up to `count` records whose small payloads share one buffer, so that many can be taken in one step of the
 * lock without asking for memory there.
 */
export function makeReceivedMany(count: number): Received[] {
  const bytes = Buffer.allocUnsafeSlow(count * INLINE_BYTES);
  return Array.from({ length: count }, (_, i) => ({ ...makeReceived(), bytes, start: i * INLINE_BYTES }));
}

/** Takes the record `r` of channel `c`. Under the channel's lock. */
export function receive(m: SharedMemory, c: number, r: number, into: Received): void {
  const payload = payloadOf(m, r);
  into.state = stateOf(m, r);
  into.codec = (get(m, r + R_FLAGS) >>> RECORD_CODEC_SHIFT) & 0xff;
  into.sender = get(m, r + R_SENDER);
  into.references = into.state === 0 ? referencesOf(m, r) : 0;
  into.length = into.state === 0 ? get(m, r + R_LENGTH) : 0;
  into.blob = isBlob(m, r) ? payload : 0;
  if (into.blob === 0) copyPayload(m, payload, into.bytes, into.start, into.length);
  take(m, c, r);
}

/** Fetches a large payload and returns its pages. Outside the lock; a no-op for small ones. */
export function unload(m: SharedMemory, into: Received): void {
  if (into.blob === 0) return;
  // A place of its own: what it has may be its part of a buffer that others share.
  into.bytes = Buffer.allocUnsafeSlow(into.length);
  into.start = 0;
  copyPayload(m, into.blob, into.bytes, 0, into.length);
  freePages(m, into.blob);
  into.blob = 0;
}

/** The `i`-th word of the payload. */
export function wordAt(received: Received, i: number): number {
  return received.bytes.readInt32LE(received.start + i * 4);
}
