/**
 * A channel: a FIFO of records, the one structure behind queues and mailboxes.
 *
 *     C_HEAD_SEGMENT ──▶ segment ──next──▶ segment ──next──▶ segment ◀── C_TAIL_SEGMENT
 *                        [ · · r r r ]     [ r r r r r ]     [ r r · · · ]
 *                              ▲                                  ▲
 *                            C_HEAD                             C_TAIL
 *
 * It is an unrolled linked list: records (records.ts) lie one behind the other in segments of growing size, up to 64 KiB
 * (segments.ts). Putting or taking a record is a copy and one store, memory is allocated once per about 100 records, and a channel
 * that held a million items frees its pages. Large payloads have pages of their own, filled and emptied outside the lock.
 *
 * Those who put take one lock, those who take another (channel-locks.ts); what concerns the whole channel happens under both. C_HEAD, C_TAIL and
 * the chain between them are the truth:
 *
 *     append, under the putters' lock:   write the record behind C_TAIL → publish C_TAIL
 *     take, under the takers' lock:      own what it carries → move C_HEAD
 *
 * A taker finds a record by C_TAIL, which it reads without the putters' lock, so C_TAIL is published: a taker that sees the new C_TAIL sees
 * the record. A putter never writes where a taker reads: it reuses a segment only under both locks, or after its pages were freed.
 *
 * The counts follow, C_PUT after C_TAIL and C_TAKEN after C_HEAD; their difference is the number of records. C_NEXT_TAIL and C_NEXT_PUT are
 * written first. A death in between leaves C_TAIL equal to C_NEXT_TAIL, and the repair then sets C_PUT to C_NEXT_PUT: it needs
 * neither the other lock nor a walk. C_NEXT_HEAD and C_NEXT_TAKEN are the same for the takers.
 *
 * The other stores are plain, because an atomic one is a call into the engine and a fence, a fifteenth of the time that putting a number
 * takes. The next holder of the same lock sees them, for the lock is released atomically. The supervisor sees them all when it repairs after
 * a death: V8 performs a thread's stores in program order, and none is pending once the thread has ended.
 *
 * C_TAIL_SEGMENT, C_SENDERS and the owners of pages are derived: the repair restores them, whatever instruction the holder of a lock died
 * at. Segments and payloads of published records belong to OWNER_SHARED; those of a record that is being built, or was taken, belong to the
 * thread that does so, and are swept if it dies.
 *
 * Plain records (records.ts) are also put and taken in *batches*: in the private memory of the thread that puts or takes them they
 * lie as they lie in a segment, so a batch is one copy and one store, published or taken as a whole.
 *
 * Plain functions over integers, so that any guest language can call them.
 */
import {
  acquire,
  get,
  publish,
  readBytes,
  set,
  type SharedMemory,
  store,
  writeBytes,
} from "../memory/atomics.js";
import type { InterpreterId, Owner, Pointer, QueueId } from "../memory/brands.js";
import {
  C_BLOB,
  C_FLAGS,
  C_FRESH,
  C_GROWTH,
  C_HEAD,
  C_HEAD_SEGMENT,
  C_ID,
  C_INLINE,
  C_KNOWN_TAIL,
  C_KNOWN_TAKEN,
  C_MAXSIZE,
  C_NEXT_HEAD,
  C_NEXT_PUT,
  C_NEXT_TAIL,
  C_NEXT_TAKEN,
  C_PUT,
  C_REFERENCES,
  C_SENDERS,
  C_TAIL,
  C_TAIL_SEGMENT,
  C_TAKEN,
  CHANNEL_CLOSED,
  OK,
  OWNER_SHARED,
  R_FLAGS,
  R_LENGTH,
  R_SENDER,
  R_SIZE,
  RECORD_BLOB,
  RECORD_HEADER,
  RECORD_LIVE,
  RECORD_REFERENCES_SHIFT,
  RECORD_REMOVED,
  REF_WORDS,
  SEGMENT_END,
  SEGMENT_NEXT,
  STATUS_NO_MEMORY,
} from "../memory/layout.js";
import { freePages, setPageOwner } from "../memory/page-allocator.js";
import type { OutgoingMany, OutgoingRecord } from "./outgoing.js";
import {
  clearRecord,
  isBlob,
  isPlain,
  payloadOf,
  recordWords,
  referencesOf,
  stateOf,
  writePayload,
} from "./records.js";
import { countReferences, holdReferences } from "./references.js";
import { endsSegment, keepRoom, leaveSegment, makeRoom, segmentOfRoom, startWith } from "./segments.js";

/** Makes an empty channel of `id`. `inline` is the place of a first segment, which ends at `inlineEnd`, or 0. */
export function openChannel(
  m: SharedMemory,
  c: Pointer,
  id: InterpreterId | QueueId,
  maxsize: number,
  inline: Pointer,
  inlineEnd: number,
): void {
  set(m, c + C_FLAGS, 0);
  set(m, c + C_TAKEN, 0);
  set(m, c + C_PUT, 0);
  set(m, c + C_KNOWN_TAIL, 0);
  set(m, c + C_KNOWN_TAKEN, 0);
  set(m, c + C_NEXT_HEAD, 0);
  set(m, c + C_NEXT_TAIL, 0);
  set(m, c + C_FRESH, 0);
  set(m, c + C_BLOB, 0);
  set(m, c + C_SENDERS, 0);
  set(m, c + C_GROWTH, 1);
  set(m, c + C_INLINE, inline);
  set(m, c + C_MAXSIZE, maxsize);
  set(m, c + C_REFERENCES, 0);
  set(m, c + C_HEAD, 0);
  set(m, c + C_TAIL, 0);
  set(m, c + C_TAIL_SEGMENT, 0);
  set(m, c + C_HEAD_SEGMENT, 0);
  if (inline !== 0) {
    set(m, inline + SEGMENT_NEXT, 0);
    set(m, inline + SEGMENT_END, inlineEnd);
    startWith(m, c, inline);
  }
  store(m, c + C_ID, id);
}

/** Puts a record. Returns OK, or STATUS_NO_MEMORY if nothing was put. Under the putters' lock. */
export function append(m: SharedMemory, c: Pointer, record: OutgoingRecord): number {
  const { sender, references, blob } = record;
  const payload = references.length * 4 + record.length;
  const need = recordWords(blob !== 0 ? 4 : payload);
  const tail = makeRoom(m, c, need);
  if (tail === 0) return STATUS_NO_MEMORY;
  const count = references.length === 0 ? 0 : references.length / REF_WORDS;
  set(m, tail + R_SIZE, need);
  set(
    m,
    tail + R_FLAGS,
    record.flags | (blob !== 0 ? RECORD_BLOB : 0) | (count << RECORD_REFERENCES_SHIFT) | RECORD_LIVE,
  );
  set(m, tail + R_SENDER, sender);
  set(m, tail + R_LENGTH, payload);
  if (blob !== 0) set(m, tail + RECORD_HEADER, blob);
  else writePayload(m, (tail + RECORD_HEADER) as Pointer, record);
  if (count !== 0) {
    // Counted before the record can be seen: a death in between leaves a count that is too high, never one too low.
    countReferences(m, payloadOf(m, tail), count, 1);
    set(m, c + C_REFERENCES, 1);
  }
  m.lastPut = tail;
  set(m, c + C_SENDERS, get(m, c + C_SENDERS) | (1 << (sender & 31)));
  moveTail(m, c, tail + need, 1, blob);
  return OK;
}

/** Moves C_TAIL behind `records` records that were written, and so publishes them. `blob`: the pages of a large payload, or 0. */
function moveTail(m: SharedMemory, c: Pointer, tail: number, records: number, blob: Pointer): void {
  const put = (get(m, c + C_PUT) + records) | 0;
  m.puts = (m.puts + 1) | 0;
  set(m, c + C_NEXT_TAIL, tail);
  set(m, c + C_NEXT_PUT, put);
  if (blob !== 0) {
    // Before the record can be taken: its taker owns the pages then, and frees them.
    set(m, c + C_BLOB, blob);
    setPageOwner(m, blob, OWNER_SHARED);
  }
  publish(m, c + C_TAIL, tail);
  set(m, c + C_PUT, put);
  if (blob !== 0) set(m, c + C_BLOB, 0);
  if (get(m, c + C_FRESH) !== 0) keepRoom(m, c);
}

/** Moves C_HEAD behind `records` records that were taken. */
function moveHead(m: SharedMemory, c: Pointer, head: number, records: number): void {
  const taken = (get(m, c + C_TAKEN) + records) | 0;
  set(m, c + C_NEXT_HEAD, head);
  set(m, c + C_NEXT_TAKEN, taken);
  publish(m, c + C_HEAD, head);
  publish(m, c + C_TAKEN, taken);
}

/**
 * Puts a batch of plain records, from `records.next` up to `last`: as many as fit into the segment that the first one goes to, and at
 * least that one. Moves `records.next` on. Returns OK or STATUS_NO_MEMORY.
 */
export function appendBatch(m: SharedMemory, c: Pointer, records: OutgoingMany, last: number): number {
  const { words, at: from } = records;
  const tail = makeRoom(m, c, words[from + R_SIZE]);
  if (tail === 0) return STATUS_NO_MEMORY;
  const end = from + get(m, segmentOfRoom(m, c) + SEGMENT_END) - tail;
  let at = from;
  let { next } = records;
  while (next < last) {
    const after = at + words[at + R_SIZE];
    if (after > end) break;
    at = after;
    next++;
  }
  writeBytes(m, tail, 0, records.bytes, from * 4, (at - from) * 4);
  set(m, c + C_SENDERS, get(m, c + C_SENDERS) | (1 << (records.sender & 31)));
  moveTail(m, c, tail + at - from, next - records.next, 0);
  records.next = next;
  records.at = at;
  return OK;
}

/**
 * Returns the next record to take, or 0 if the channel is empty. Skips removed records, and frees segments that were used up. Under the
 * takers' lock.
 */
export function first(m: SharedMemory, c: Pointer): Pointer {
  let tail = get(m, c + C_KNOWN_TAIL);
  let p = get(m, c + C_HEAD) as Pointer;
  for (;;) {
    if (p === tail) {
      tail = acquire(m, c + C_TAIL);
      if (p === tail) return 0;
      set(m, c + C_KNOWN_TAIL, tail);
    }
    if (endsSegment(m, get(m, c + C_HEAD_SEGMENT) as Pointer, p)) {
      p = leaveSegment(m, c);
    } else if (stateOf(m, p) === RECORD_REMOVED) {
      (p as number) += get(m, p + R_SIZE);
      store(m, c + C_HEAD, p);
    } else return p;
  }
}

/**
 * Takes the record that `first` returned. From before the store on, what it carries belongs to this thread: it holds the referents,
 * and owns the pages of a large payload, which it must free (`freePages`).
 */
export function take(m: SharedMemory, c: Pointer, r: Pointer): void {
  const count = referencesOf(m, r);
  const payload = payloadOf(m, r);
  const live = stateOf(m, r) === RECORD_LIVE;
  if (live && count !== 0) holdReferences(m, payload, count);
  if (isBlob(m, r)) setPageOwner(m, payload, (m.slot + 1) as Owner);
  moveHead(m, c, r + get(m, r + R_SIZE), 1);
  if (live && count !== 0) countReferences(m, payload, count, -1);
}

/**
 * Takes a batch of plain records, the first of which is the one that `first` returned, and copies them to `into` from byte `start`
 * on: up to `most`, and as many as lie in one segment and fit into the buffer. Returns how many; 0 if the first one is not plain, or
 * too large.
 */
export function takeBatch(
  m: SharedMemory,
  c: Pointer,
  r: Pointer,
  into: Buffer,
  start: number,
  most: number,
): number {
  const tail = get(m, c + C_KNOWN_TAIL);
  const end = Math.min(get(m, get(m, c + C_HEAD_SEGMENT) + SEGMENT_END), r + ((into.length - start) >> 2));
  let p = r;
  let count = 0;
  while (count < most && p !== tail && p < end) {
    const size = get(m, p + R_SIZE);
    if (size === 0 || p + size > end || !isPlain(get(m, p + R_FLAGS))) break;
    p += size;
    count++;
  }
  if (count === 0) return 0;
  readBytes(m, r, 0, into, start, (p - r) * 4);
  moveHead(m, c, p, count);
  return count;
}

/** Drops all records; the channel goes on. Under both locks. */
export function clearChannel(m: SharedMemory, c: Pointer): void {
  for (let r = first(m, c); r !== 0; r = first(m, c)) {
    if (stateOf(m, r) === RECORD_LIVE) clearRecord(m, r, RECORD_REMOVED);
    store(m, c + C_HEAD, r + get(m, r + R_SIZE));
  }
  countTaken(m, c, get(m, c + C_PUT));
}

/** Sets C_TAKEN without C_HEAD: what was written down of the last take says nothing more. Under the takers' lock. */
export function countTaken(m: SharedMemory, c: Pointer, taken: number): void {
  set(m, c + C_NEXT_HEAD, 0);
  publish(m, c + C_TAKEN, taken | 0);
}

/** Drops all records and frees all pages. The channel has no id afterwards, so nothing can be sent to it. Under both locks. */
export function closeChannel(m: SharedMemory, c: Pointer): void {
  set(m, c + C_FLAGS, get(m, c + C_FLAGS) | CHANNEL_CLOSED);
  store(m, c + C_ID, -1);
  clearChannel(m, c);
  // No sender has records here any more. `unbind` reads this word first and stops, even while the slot is being claimed again.
  set(m, c + C_SENDERS, 0);
  const last = get(m, c + C_HEAD_SEGMENT) as Pointer;
  if (last !== 0 && last !== get(m, c + C_INLINE)) {
    setPageOwner(m, last, (m.slot + 1) as Owner);
    store(m, c + C_HEAD_SEGMENT, 0);
    freePages(m, last);
  }
}
