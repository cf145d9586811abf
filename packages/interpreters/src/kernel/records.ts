/**
 * A record: what a channel carries.
 *
 *     [ R_SIZE │ R_FLAGS │ R_SENDER │ R_LENGTH │ references: triples │ encoded value │ 0 to 7 bytes unused ]
 *      └──────────── RECORD_HEADER ──────────┘ └─────── payload: R_LENGTH bytes ────┘
 *
 * A payload of up to INLINE_BYTES lies in the record. A larger one lies in pages of its own (a *blob*), written and read outside
 * the channel's locks, and the record holds the pointer to them. A *plain* record is live and carries only the bytes within it: no
 * references, no blob. Nothing but its bytes changes hands, so a whole batch of them is copied at once.
 *
 * Everything here reads or writes one record; channel.ts knows where records lie and who may touch them.
 */
import {
  ensureMapped,
  get,
  readBytes,
  readWords,
  set,
  type SharedMemory,
  writeBytes,
  writeWords,
} from "../memory/atomics.js";
import type { Owner, Pointer } from "../memory/brands.js";
import {
  INLINE_BYTES,
  MAX_REFERENCES,
  PAGE_WORDS,
  R_FLAGS,
  RECORD_BLOB,
  RECORD_HEADER,
  RECORD_LIVE,
  RECORD_REFERENCES_SHIFT,
  RECORD_STATE,
} from "../memory/layout.js";
import { allocatePages, freePages, pagesOf, setPageOwner } from "../memory/page-allocator.js";
import type { Space } from "../memory/space.js";
import { type OutgoingRecord, payloadBytes } from "./outgoing.js";
import { countReferences } from "./references.js";

/**
 * Up to this many bytes a loop over words beats a copy by the engine, for which views must be made. It reads and writes whole words: a
 * record takes whole words, and so does every `Space` that holds a payload.
 */
const SHORT_BYTES = 256;

/** Whether a payload of `length` bytes is too large to lie in the record. */
export function needsBlob(length: number): boolean {
  return length > INLINE_BYTES;
}

/**
 * Writes a large payload into pages of its own, which belong to the caller until the record is published. Returns the pointer to
 * them, or 0 if memory is exhausted. Call it outside any lock.
 */
export function makeBlob(m: SharedMemory, record: OutgoingRecord): Pointer {
  const words = Math.ceil(payloadBytes(record) / 4);
  const blob = allocatePages(m, Math.ceil(words / PAGE_WORDS), (m.slot + 1) as Owner);
  if (blob !== 0) writePayload(m, blob, record);
  return blob;
}

/** Words of a record that holds `bytes` bytes; always even. */
export function recordWords(bytes: number): number {
  return RECORD_HEADER + (((bytes + 7) >> 3) << 1);
}

/** Whether a record with these R_FLAGS is live and carries only the bytes within it. */
export function isPlain(flags: number): boolean {
  return (flags & (RECORD_STATE | RECORD_BLOB | (MAX_REFERENCES << RECORD_REFERENCES_SHIFT))) === RECORD_LIVE;
}

/** RECORD_LIVE, RECORD_UNBOUND, RECORD_ERROR or RECORD_REMOVED. */
export function stateOf(m: SharedMemory, r: Pointer): number {
  return get(m, r + R_FLAGS) & RECORD_STATE;
}

/** How many triples of references the payload begins with. */
export function referencesOf(m: SharedMemory, r: Pointer): number {
  return (get(m, r + R_FLAGS) >>> RECORD_REFERENCES_SHIFT) & MAX_REFERENCES;
}

export function isBlob(m: SharedMemory, r: Pointer): boolean {
  return (get(m, r + R_FLAGS) & RECORD_BLOB) !== 0;
}

/** Pointer to the payload, in the record or in its pages. */
export function payloadOf(m: SharedMemory, r: Pointer): Pointer {
  if (!isBlob(m, r)) return (r + RECORD_HEADER) as Pointer;
  const blob = get(m, r + RECORD_HEADER) as Pointer;
  ensureMapped(m, blob + pagesOf(m, blob) * PAGE_WORDS - 1);
  return blob;
}

export function writePayload(m: SharedMemory, p: Pointer, record: OutgoingRecord): void {
  const { references, start, length } = record;
  for (let i = 0; i < references.length; i++) set(m, p + i, references[i]);
  if (length <= SHORT_BYTES) {
    writeWords(m, p + references.length, record.words, start >> 2, (length + 3) >> 2);
  } else writeBytes(m, p, references.length * 4, record.bytes, start, length);
}

/** Copies a payload, references first, to `into`. */
export function copyPayload(
  m: SharedMemory,
  payload: Pointer,
  into: Pick<Space, "bytes" | "words">,
  start: number,
  length: number,
): void {
  if (length <= SHORT_BYTES) readWords(m, payload, into.words, start >> 2, (length + 3) >> 2);
  else readBytes(m, payload, 0, into.bytes, start, length);
}

/** Drops the content of a record, which keeps its place in the channel and gets another `state`. */
export function clearRecord(m: SharedMemory, r: Pointer, state: number): void {
  const count = referencesOf(m, r);
  const payload = payloadOf(m, r);
  const blob = isBlob(m, r) ? payload : 0;
  if (blob !== 0) setPageOwner(m, blob, (m.slot + 1) as Owner);
  const kept =
    get(m, r + R_FLAGS) & ~(RECORD_STATE | RECORD_BLOB | (MAX_REFERENCES << RECORD_REFERENCES_SHIFT));
  set(m, r + R_FLAGS, kept | state);
  if (count !== 0) countReferences(m, payload, count, -1);
  if (blob !== 0) freePages(m, blob);
}
