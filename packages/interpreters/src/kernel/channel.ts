/**
 * A channel: a FIFO of records, the one structure behind queues and mailboxes.
 *
 *     C_HEAD_CHUNK ──▶ chunk ──next──▶ chunk ──next──▶ chunk ◀── C_TAIL_CHUNK
 *                        [ · · r r r ]   [ r r r r r ]   [ r r · · · ]
 *                              ▲                              ▲
 *                            C_HEAD                         C_TAIL
 *
 * It is an unrolled linked list (chunks of growing size, up to 64 KiB) whose records lie one behind the other: putting
 * and taking is a copy and one store, memory is asked for once in some hundred records, and a channel that held a
 * million items gives its pages back. A record that does not fit into the rest of a chunk goes to the next one; a size
 * of 0, or the chunk's end, says so. Large payloads have pages of their own, filled and emptied outside the lock.
 *
 * Everything here happens under the channel's lock. The truth is C_HEAD, C_TAIL and the chain between them:
 *
 *     append:  write the record behind C_TAIL → store C_TAIL                ← published
 *     take:    own what it carries → store C_HEAD                           ← taken
 *
 * These stores are plain ones, as an atomic one is a call into the engine and a fence, a fifteenth of putting a number. Who holds
 * the lock next sees them, for the lock is given back atomically; so does who looks without it (`peek`) after a doorbell. Who
 * cleans up after a death sees them all: V8 makes a thread's stores in their order, and none is left when it has ended.
 *
 * C_COUNT, C_TAIL_CHUNK, C_SENDERS and the owners of pages are derived; `repairChannel` restores them, whatever
 * instruction its holder died at. Chunks and payloads of published records belong to OWNER_SHARED; those of a record
 * that is being built, or was taken, to the thread that does so, and are swept if it dies.
 *
 * Of many records that carry nothing but bytes, a *run* is put or taken at once: they lie in the private memory of who puts
 * or takes them as they lie in a chunk, so a run is one copy and one store, published or taken as a whole.
 *
 * Plain functions over integers, so that any guest language can call them.
 */
import {
  add,
  get,
  load,
  ensureMapped,
  readBytes,
  set,
  type SharedMemory,
  store,
  writeBytes,
} from "../memory/atomics.js";
import { setBit } from "../memory/bitset.js";
import {
  C_COUNT,
  C_FLAGS,
  C_GROWTH,
  C_HEAD,
  C_HEAD_SEGMENT,
  C_ID,
  C_INLINE,
  C_MAXSIZE,
  C_REFERENCES,
  C_SENDERS,
  C_TAIL,
  C_TAIL_SEGMENT,
  CHANNEL_CLOSED,
  SEGMENT_END,
  SEGMENT_HEADER,
  SEGMENT_NEXT,
  INLINE_BYTES,
  MAX_REFERENCES,
  OK,
  OWNER_SHARED,
  PAGE_WORDS,
  Q_HOLDERS,
  Q_ITEM_REFERENCES,
  Q_REF_VERSION,
  R_FLAGS,
  R_LENGTH,
  R_SENDER,
  R_SIZE,
  RECORD_BLOB,
  RECORD_ERROR,
  RECORD_HEADER,
  RECORD_LIVE,
  RECORD_REFERENCES_SHIFT,
  RECORD_REMOVED,
  RECORD_STATE,
  RECORD_UNBOUND,
  RECORD_UNBOUND_SHIFT,
  REF_BUFFER,
  REF_INTERPRETER,
  REF_MOVED,
  REF_QUEUE,
  REF_WORDS,
  S_HOLDERS,
  S_ID,
  S_ITEM_REFERENCES,
  S_REF_VERSION,
  slotPointer,
  STATUS_NO_MEMORY,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_KEEP,
} from "../memory/layout.js";
import { allocatePages, freePages, pagesOf, setPageOwner } from "../memory/page-allocator.js";

/** Chunks grow up to so many pages. */
const MAX_GROWTH = 16;

/** Makes an empty channel of `id`. `inline` is a chunk's worth of words up to `inlineEnd`, or 0. */
export function openChannel(
  m: SharedMemory,
  c: number,
  id: number,
  maxsize: number,
  inline: number,
  inlineEnd: number,
): void {
  set(m, c + C_FLAGS, 0);
  set(m, c + C_COUNT, 0);
  set(m, c + C_SENDERS, 0);
  set(m, c + C_GROWTH, 1);
  set(m, c + C_INLINE, inline);
  set(m, c + C_MAXSIZE, maxsize);
  set(m, c + C_REFERENCES, 0);
  set(m, c + C_HEAD, 0);
  set(m, c + C_TAIL, 0);
  set(m, c + C_HEAD_SEGMENT, 0);
  if (inline !== 0) {
    set(m, inline + SEGMENT_NEXT, 0);
    set(m, inline + SEGMENT_END, inlineEnd);
    startWith(m, c, inline);
  }
  store(m, c + C_ID, id);
}

/** Whether `length` payload bytes go into pages of their own. */
export function needsBlob(length: number): boolean {
  return length > INLINE_BYTES;
}

/**
 * Pages for a large payload, filled; they belong to the caller until the record is published. 0: no memory.
 * To be called outside the lock.
 */
export function makeBlob(
  m: SharedMemory,
  references: ArrayLike<number>,
  bytes: Buffer,
  start: number,
  length: number,
): number {
  const words = Math.ceil((references.length * 4 + length) / 4);
  const blob = allocatePages(m, Math.ceil(words / PAGE_WORDS), m.slot + 1);
  if (blob !== 0) writePayload(m, blob, references, bytes, start, length);
  return blob;
}

/** Words of a record with so many bytes in it. An even number. */
export function recordWords(bytes: number): number {
  return RECORD_HEADER + (((bytes + 7) >> 3) << 1);
}

/** Whether a record carries nothing but the bytes that lie in it, by its R_FLAGS. */
export function isPlain(flags: number): boolean {
  return (flags & (RECORD_STATE | RECORD_BLOB | (MAX_REFERENCES << RECORD_REFERENCES_SHIFT))) === RECORD_LIVE;
}

/**
 * Puts up to `most` plain records of `sender` that lie one behind the other in `bytes` (and `view`, the same) from `start`
 * on: as many as fit where the first one goes, and at least that. Returns how many, or STATUS_NO_MEMORY.
 */
export function appendBatch(
  m: SharedMemory,
  c: number,
  sender: number,
  bytes: Buffer,
  view: DataView,
  start: number,
  most: number,
): number {
  const tail = makeRoom(m, c, view.getInt32(start, true));
  if (tail === 0) return STATUS_NO_MEMORY;
  const room = get(m, get(m, c + C_TAIL_SEGMENT) + SEGMENT_END) - tail;
  let words = 0;
  let count = 0;
  while (count < most) {
    const next = words + view.getInt32(start + words * 4, true);
    if (next > room) break;
    words = next;
    count++;
  }
  writeBytes(m, tail, 0, bytes, start, words * 4);
  store(m, c + C_TAIL, tail + words);
  set(m, c + C_COUNT, get(m, c + C_COUNT) + count);
  set(m, c + C_SENDERS, get(m, c + C_SENDERS) | (1 << (sender & 31)));
  return count;
}

/**
 * Copies the plain records from the one that `first` returned on to `into` and takes them: up to `most`, and as many as lie in
 * one chunk and have room behind `start`. Returns how many; 0: the first one is not plain, or too large.
 */
export function takeBatch(
  m: SharedMemory,
  c: number,
  r: number,
  into: Buffer,
  start: number,
  most: number,
): number {
  const tail = get(m, c + C_TAIL);
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
  store(m, c + C_HEAD, p);
  set(m, c + C_COUNT, get(m, c + C_COUNT) - count);
  return count;
}

/**
 * Puts a record. `flags` are its codec tag and unbound behaviour; `references` are triples; `blob` is what `makeBlob`
 * returned, or 0. Returns OK or STATUS_NO_MEMORY (nothing was put).
 */
export function append(
  m: SharedMemory,
  c: number,
  flags: number,
  sender: number,
  references: ArrayLike<number>,
  bytes: Buffer,
  start: number,
  length: number,
  blob: number,
): number {
  const payload = references.length * 4 + length;
  const need = recordWords(blob !== 0 ? 4 : payload);
  const tail = makeRoom(m, c, need);
  if (tail === 0) return STATUS_NO_MEMORY;
  const count = references.length / REF_WORDS;
  set(m, tail + R_SIZE, need);
  set(
    m,
    tail + R_FLAGS,
    flags | (blob !== 0 ? RECORD_BLOB : 0) | (count << RECORD_REFERENCES_SHIFT) | RECORD_LIVE,
  );
  set(m, tail + R_SENDER, sender);
  set(m, tail + R_LENGTH, payload);
  if (blob !== 0) set(m, tail + RECORD_HEADER, blob);
  else writePayload(m, tail + RECORD_HEADER, references, bytes, start, length);
  if (count !== 0) {
    // Counted before it can be seen: a death in between leaves a count that is too high, never one too low.
    countReferences(m, payloadOf(m, tail), count, 1);
    set(m, c + C_REFERENCES, 1);
  }
  m.lastPut = tail;
  set(m, c + C_TAIL, tail + need);
  if (blob !== 0) setPageOwner(m, blob, OWNER_SHARED);
  set(m, c + C_COUNT, get(m, c + C_COUNT) + 1);
  set(m, c + C_SENDERS, get(m, c + C_SENDERS) | (1 << (sender & 31)));
  return OK;
}

/** The next record to take, or 0. Skips what was removed, and returns chunks that were used up. */
export function first(m: SharedMemory, c: number): number {
  const tail = get(m, c + C_TAIL);
  let p = get(m, c + C_HEAD);
  while (p !== tail) {
    if (endsSegment(m, get(m, c + C_HEAD_SEGMENT), p)) {
      p = leaveSegment(m, c);
    } else if (stateOf(m, p) === RECORD_REMOVED) {
      p += get(m, p + R_SIZE);
      store(m, c + C_HEAD, p);
    } else return p;
  }
  return 0;
}

/**
 * Takes the record that `first` returned. From before the store on, what it carries belongs to this thread: references
 * are handles of its own, and so are the pages of a large payload, to be returned with `freePages`.
 */
export function take(m: SharedMemory, c: number, r: number): void {
  const count = referencesOf(m, r);
  const payload = payloadOf(m, r);
  const live = stateOf(m, r) === RECORD_LIVE;
  if (live && count !== 0) holdReferences(m, payload, count);
  if (isBlob(m, r)) setPageOwner(m, payload, m.slot + 1);
  set(m, c + C_HEAD, r + get(m, r + R_SIZE));
  set(m, c + C_COUNT, get(m, c + C_COUNT) - 1);
  if (live && count !== 0) countReferences(m, payload, count, -1);
}

export function stateOf(m: SharedMemory, r: number): number {
  return get(m, r + R_FLAGS) & RECORD_STATE;
}

/** How many triples of references the payload begins with. */
export function referencesOf(m: SharedMemory, r: number): number {
  return (get(m, r + R_FLAGS) >>> RECORD_REFERENCES_SHIFT) & MAX_REFERENCES;
}

export function isBlob(m: SharedMemory, r: number): boolean {
  return (get(m, r + R_FLAGS) & RECORD_BLOB) !== 0;
}

/** Where the payload lies. */
export function payloadOf(m: SharedMemory, r: number): number {
  if (!isBlob(m, r)) return r + RECORD_HEADER;
  const blob = get(m, r + RECORD_HEADER);
  ensureMapped(m, blob + pagesOf(m, blob) * PAGE_WORDS - 1);
  return blob;
}

/** Copies a payload, references first, to `into`. */
export function copyPayload(
  m: SharedMemory,
  payload: number,
  into: Buffer,
  start: number,
  length: number,
): void {
  readBytes(m, payload, 0, into, start, length);
}

/**
 * The interpreter `sender` was destroyed: gives each of its records the fate it was put with. Returns how many were
 * removed, which is how much room there is now for those who wait to put.
 */
export function unbind(m: SharedMemory, c: number, sender: number): number {
  if ((get(m, c + C_SENDERS) & (1 << (sender & 31))) === 0) return 0;
  const tail = load(m, c + C_TAIL);
  let segment = get(m, c + C_HEAD_SEGMENT);
  let removed = 0;
  let senders = 0;
  for (let p = load(m, c + C_HEAD); p !== tail;) {
    if (endsSegment(m, segment, p)) {
      segment = nextSegment(m, segment);
      p = segment + SEGMENT_HEADER;
      continue;
    }
    if (stateOf(m, p) === RECORD_LIVE) {
      const from = get(m, p + R_SENDER);
      const behaviour = (get(m, p + R_FLAGS) >>> RECORD_UNBOUND_SHIFT) & 3;
      if (from !== sender || behaviour === UNBOUND_ITEM_KEEP) senders |= 1 << (from & 31);
      else if (behaviour === UNBOUND_ITEM) empty(m, p, RECORD_UNBOUND);
      else if (behaviour === UNBOUND_ITEM_ERROR) empty(m, p, RECORD_ERROR);
      else {
        remove(m, c, p);
        removed++;
      }
    }
    p += get(m, p + R_SIZE);
  }
  set(m, c + C_SENDERS, senders);
  return removed;
}

/**
 * Removes the record of `sender` whose value begins with the word `key` and that was put at `place` (`SharedMemory.last`), if
 * it is still there: it was not taken, and will not be. Returns whether it did.
 *
 * Pages are recycled and chunks begun again, so what lies at `place` may be anything by now, the midst of another record
 * too. It is believed only when the walk over the records of a chunk of this channel comes by.
 */
export function removeRecord(
  m: SharedMemory,
  c: number,
  sender: number,
  key: number,
  place: number,
): boolean {
  const tail = load(m, c + C_TAIL);
  let p = load(m, c + C_HEAD);
  let segment = get(m, c + C_HEAD_SEGMENT);
  while (segment !== 0 && !contains(m, segment, place)) {
    if (segment === get(m, c + C_TAIL_SEGMENT)) return false;
    segment = nextSegment(m, segment);
    p = segment + SEGMENT_HEADER;
  }
  while (segment !== 0 && p !== tail && p <= place && !endsSegment(m, segment, p)) {
    if (p === place) {
      if (stateOf(m, p) !== RECORD_LIVE || get(m, p + R_SENDER) !== sender) return false;
      if (get(m, payloadOf(m, p) + referencesOf(m, p) * REF_WORDS) !== key) return false;
      remove(m, c, p);
      return true;
    }
    p += get(m, p + R_SIZE);
  }
  return false;
}

/** Drops all records; the channel goes on. */
export function clearChannel(m: SharedMemory, c: number): void {
  for (let r = first(m, c); r !== 0; r = first(m, c)) {
    if (stateOf(m, r) === RECORD_LIVE) empty(m, r, RECORD_REMOVED);
    store(m, c + C_HEAD, r + get(m, r + R_SIZE));
  }
  set(m, c + C_COUNT, 0);
}

/** Drops all records and returns all pages; the channel belongs to nobody afterwards. */
export function closeChannel(m: SharedMemory, c: number): void {
  set(m, c + C_FLAGS, get(m, c + C_FLAGS) | CHANNEL_CLOSED);
  store(m, c + C_ID, -1);
  clearChannel(m, c);
  // Nobody's records are in here: whoever looks for some, while the slot is already claimed again, stops at that.
  set(m, c + C_SENDERS, 0);
  const last = get(m, c + C_HEAD_SEGMENT);
  if (last !== 0 && last !== get(m, c + C_INLINE)) {
    setPageOwner(m, last, m.slot + 1);
    store(m, c + C_HEAD_SEGMENT, 0);
    freePages(m, last);
  }
}

/** Restores everything derived from C_HEAD, C_TAIL and the chain. The lock is held in the name of the dead. */
export function repairChannel(m: SharedMemory, c: number, deadOwner: number): void {
  let segment = load(m, c + C_HEAD_SEGMENT);
  if (segment === 0) {
    store(m, c + C_HEAD, 0);
    store(m, c + C_TAIL, 0);
    set(m, c + C_TAIL_SEGMENT, 0);
    set(m, c + C_COUNT, 0);
    return;
  }
  mapSegment(m, segment);
  // It died between moving C_HEAD to the next chunk and moving C_HEAD_CHUNK; the old chunk is its own already.
  while (!contains(m, segment, load(m, c + C_HEAD))) segment = nextSegment(m, segment);
  store(m, c + C_HEAD_SEGMENT, segment);
  // It died rewinding an empty chunk: C_TAIL is back at the start, C_HEAD not yet.
  if (contains(m, segment, load(m, c + C_TAIL)) && load(m, c + C_HEAD) > load(m, c + C_TAIL)) {
    store(m, c + C_HEAD, load(m, c + C_TAIL));
  }
  share(m, c, segment);
  let count = 0;
  let senders = 0;
  let p = load(m, c + C_HEAD);
  while (p !== load(m, c + C_TAIL)) {
    if (endsSegment(m, segment, p)) {
      segment = nextSegment(m, segment);
      share(m, c, segment);
      p = segment + SEGMENT_HEADER;
      continue;
    }
    if (stateOf(m, p) !== RECORD_REMOVED) {
      count++;
      senders |= 1 << (get(m, p + R_SENDER) & 31);
      if (isBlob(m, p)) setPageOwner(m, payloadOf(m, p), OWNER_SHARED);
    }
    p += get(m, p + R_SIZE);
  }
  set(m, c + C_COUNT, count);
  set(m, c + C_SENDERS, senders);
  set(m, c + C_TAIL_SEGMENT, segment);
  // A chunk that it linked but never published a record in goes with the rest of its pages.
  const orphan = get(m, segment + SEGMENT_NEXT);
  set(m, segment + SEGMENT_NEXT, 0);
  if (orphan !== 0) setPageOwner(m, orphan, deadOwner);
}

/** Where a record of `need` words can be written, after C_TAIL; 0 when there is no memory. */
function makeRoom(m: SharedMemory, c: number, need: number): number {
  const segment = get(m, c + C_TAIL_SEGMENT);
  if (get(m, c + C_HEAD_SEGMENT) === 0) {
    const fresh = makeSegment(m, c, need);
    if (fresh === 0) return 0;
    startWith(m, c, fresh);
    setPageOwner(m, fresh, OWNER_SHARED);
    return fresh + SEGMENT_HEADER;
  }
  mapSegment(m, segment);
  let tail = get(m, c + C_TAIL);
  if (tail === get(m, c + C_HEAD)) {
    // Empty: begin the chunk again. In this order, or records long taken would come back to life.
    tail = segment + SEGMENT_HEADER;
    store(m, c + C_TAIL, tail);
    store(m, c + C_HEAD, tail);
  }
  const end = get(m, segment + SEGMENT_END);
  if (tail + need <= end) return tail;
  const fresh = makeSegment(m, c, need);
  if (fresh === 0) return 0;
  if (tail < end) set(m, tail + R_SIZE, 0);
  set(m, segment + SEGMENT_NEXT, fresh);
  set(m, c + C_TAIL_SEGMENT, fresh);
  setPageOwner(m, fresh, OWNER_SHARED);
  return fresh + SEGMENT_HEADER;
}

function makeSegment(m: SharedMemory, c: number, need: number): number {
  const growth = get(m, c + C_GROWTH);
  const pages = Math.max(growth, Math.ceil((need + SEGMENT_HEADER) / PAGE_WORDS));
  const segment = allocatePages(m, pages, m.slot + 1);
  if (segment === 0) return 0;
  set(m, segment + SEGMENT_NEXT, 0);
  set(m, segment + SEGMENT_END, segment + pages * PAGE_WORDS);
  set(m, c + C_GROWTH, Math.min(growth * 2, MAX_GROWTH));
  return segment;
}

/** Makes `chunk` the only one. The store of C_HEAD_CHUNK publishes it. */
function startWith(m: SharedMemory, c: number, segment: number): void {
  store(m, c + C_HEAD, segment + SEGMENT_HEADER);
  store(m, c + C_TAIL, segment + SEGMENT_HEADER);
  set(m, c + C_TAIL_SEGMENT, segment);
  store(m, c + C_HEAD_SEGMENT, segment);
}

/** Moves C_HEAD to the next chunk and returns the old one's pages. */
function leaveSegment(m: SharedMemory, c: number): number {
  const segment = get(m, c + C_HEAD_SEGMENT);
  const next = nextSegment(m, segment);
  const paged = segment !== get(m, c + C_INLINE);
  if (paged) setPageOwner(m, segment, m.slot + 1);
  store(m, c + C_HEAD, next + SEGMENT_HEADER);
  store(m, c + C_HEAD_SEGMENT, next);
  if (paged) freePages(m, segment);
  return next + SEGMENT_HEADER;
}

/** The chunk behind `chunk`. */
export function nextSegment(m: SharedMemory, segment: number): number {
  const next = get(m, segment + SEGMENT_NEXT);
  mapSegment(m, next);
  return next;
}

/** Makes all of a chunk visible to this thread; it may lie beyond what the memory was when it last looked. */
function mapSegment(m: SharedMemory, segment: number): void {
  ensureMapped(m, segment + SEGMENT_END);
  ensureMapped(m, get(m, segment + SEGMENT_END) - 1);
}

function contains(m: SharedMemory, segment: number, p: number): boolean {
  return p >= segment + SEGMENT_HEADER && p <= get(m, segment + SEGMENT_END);
}

/** Whether there is no record at `p` in its chunk any more: the next one is in the next chunk. */
export function endsSegment(m: SharedMemory, segment: number, p: number): boolean {
  mapSegment(m, segment);
  return p === get(m, segment + SEGMENT_END) || get(m, p + R_SIZE) === 0;
}

function share(m: SharedMemory, c: number, segment: number): void {
  if (segment !== get(m, c + C_INLINE)) setPageOwner(m, segment, OWNER_SHARED);
}

/** Takes a record out from wherever it is. */
export function remove(m: SharedMemory, c: number, r: number): void {
  empty(m, r, RECORD_REMOVED);
  set(m, c + C_COUNT, get(m, c + C_COUNT) - 1);
}

/** Takes the content out of a record that stays in its place. */
function empty(m: SharedMemory, r: number, state: number): void {
  const count = referencesOf(m, r);
  const payload = payloadOf(m, r);
  const blob = isBlob(m, r) ? payload : 0;
  if (blob !== 0) setPageOwner(m, blob, m.slot + 1);
  const kept =
    get(m, r + R_FLAGS) & ~(RECORD_STATE | RECORD_BLOB | (MAX_REFERENCES << RECORD_REFERENCES_SHIFT));
  set(m, r + R_FLAGS, kept | state);
  if (count !== 0) countReferences(m, payload, count, -1);
  if (blob !== 0) freePages(m, blob);
}

function writePayload(
  m: SharedMemory,
  p: number,
  references: ArrayLike<number>,
  bytes: Buffer,
  start: number,
  length: number,
): void {
  for (let i = 0; i < references.length; i++) set(m, p + i, references[i]);
  writeBytes(m, p, references.length * 4, bytes, start, length);
}

/** Makes this thread a holder of everything that the payload refers to. */
function holdReferences(m: SharedMemory, payload: number, count: number): void {
  for (let i = 0; i < count * REF_WORDS; i += REF_WORDS) {
    const kind = get(m, payload + i);
    const a = get(m, payload + i + 1);
    if (isQueue(kind)) {
      ensureMapped(m, a + PAGE_WORDS - 1);
      setBit(m, a + Q_HOLDERS, m.slot);
    } else if (kind === REF_INTERPRETER && livesIn(m, a, get(m, payload + i + 2))) {
      setBit(m, slotPointer(a) + S_HOLDERS, m.slot);
    }
  }
}

function countReferences(m: SharedMemory, payload: number, count: number, by: number): void {
  for (let i = 0; i < count * REF_WORDS; i += REF_WORDS) {
    const kind = get(m, payload + i);
    const a = get(m, payload + i + 1);
    if (isQueue(kind)) {
      // This thread may only pass it on, or drop it, and never have looked so far into the memory.
      ensureMapped(m, a + PAGE_WORDS - 1);
      add(m, a + Q_ITEM_REFERENCES, by);
      add(m, a + Q_REF_VERSION, 1);
    } else if (kind === REF_INTERPRETER && livesIn(m, a, get(m, payload + i + 2))) {
      add(m, slotPointer(a) + S_ITEM_REFERENCES, by);
      add(m, slotPointer(a) + S_REF_VERSION, 1);
    }
  }
}

/** Whether what is referred to is a queue, or something that a queue stands for. */
export function isQueue(kind: number): boolean {
  return kind === REF_QUEUE || kind === REF_BUFFER || kind === REF_MOVED;
}

/** An interpreter may be gone, and its slot somebody else's, while a record still names it. */
function livesIn(m: SharedMemory, slot: number, id: number): boolean {
  return load(m, slotPointer(slot) + S_ID) === id;
}
