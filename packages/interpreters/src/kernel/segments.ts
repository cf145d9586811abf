/**
 * The segments of a channel: the pages that its records lie in, as a chain from C_HEAD_SEGMENT to C_TAIL_SEGMENT.
 *
 *     segment:  [ SEGMENT_NEXT │ SEGMENT_END │ record │ record │ … │ 0, or the end ]
 *
 * Each new segment is twice as large as the one before, up to MAX_GROWTH pages, or as large as one record needs. A record that does
 * not fit into the rest of a segment goes to the next one; a size of 0 where a record would begin, or the segment's end, says so.
 *
 * A segment that is being made belongs to its maker, a linked one to OWNER_SHARED, one that was used up to the thread that left it.
 * Each hand-over is one store, in an order such that a death at any instant leaves every segment either in the chain or among the
 * pages of the dead (channel-repair.ts finishes the hand-over).
 *
 * Making room happens under the putters' lock, leaving a segment under the takers'. The last segment is the putters': takers leave it only
 * when C_TAIL lies in another. A change of C_HEAD and C_TAIL together takes both locks.
 */
import { acquire, ensureMapped, get, set, type SharedMemory, store } from "../memory/atomics.js";
import type { Owner, Pointer } from "../memory/brands.js";
import {
  C_FRESH,
  C_GROWTH,
  C_HEAD,
  C_HEAD_SEGMENT,
  C_INLINE,
  C_KNOWN_TAIL,
  C_TAIL,
  C_TAIL_SEGMENT,
  OWNER_SHARED,
  PAGE_WORDS,
  R_SIZE,
  SEGMENT_END,
  SEGMENT_HEADER,
  SEGMENT_NEXT,
} from "../memory/layout.js";
import { lock, unlock } from "../memory/lock.js";
import { allocatePages, freePages, setPageOwner } from "../memory/page-allocator.js";

/** Most pages of a segment, unless one record needs more. */
const MAX_GROWTH = 16;

/**
 * Returns where the next record, of `need` words, can be written, or 0 if memory is exhausted. `keepRoom` must follow the publication
 * of the record.
 */
export function makeRoom(m: SharedMemory, c: Pointer, need: number): Pointer {
  const segment = get(m, c + C_TAIL_SEGMENT) as Pointer;
  if (segment === 0) return makeFirstRoom(m, c, need);
  mapSegment(m, segment);
  const tail = get(m, c + C_TAIL) as Pointer;
  const end = get(m, segment + SEGMENT_END);
  // The rest is a function of its own: as a rule, there is room.
  return tail + need <= end ? tail : makeMoreRoom(m, c, need, segment, tail, end);
}

function makeFirstRoom(m: SharedMemory, c: Pointer, need: number): Pointer {
  const fresh = makeSegment(m, c, need);
  if (fresh === 0) return 0;
  lock(m, c);
  startWith(m, c, fresh);
  setPageOwner(m, fresh, OWNER_SHARED);
  unlock(m, c);
  return (fresh + SEGMENT_HEADER) as Pointer;
}

/** Makes room for a record that does not fit into what is left of the last segment, from `tail` to `end`. */
function makeMoreRoom(
  m: SharedMemory,
  c: Pointer,
  need: number,
  segment: Pointer,
  tail: Pointer,
  end: number,
): Pointer {
  const start = (segment + SEGMENT_HEADER) as Pointer;
  if (start + need <= end && tail === acquire(m, c + C_HEAD) && rewind(m, c, start)) return start;
  const fresh = makeSegment(m, c, need);
  if (fresh === 0) return 0;
  set(m, c + C_FRESH, fresh);
  if (tail < end) set(m, tail + R_SIZE, 0);
  set(m, segment + SEGMENT_NEXT, fresh);
  return (fresh + SEGMENT_HEADER) as Pointer;
}

/** The segment of the record that `makeRoom` made room for. */
export function segmentOfRoom(m: SharedMemory, c: Pointer): Pointer {
  const fresh = get(m, c + C_FRESH) as Pointer;
  return fresh === 0 ? (get(m, c + C_TAIL_SEGMENT) as Pointer) : fresh;
}

/** The record that `makeRoom` made room for is published: a fresh segment of it is in use now. */
export function keepRoom(m: SharedMemory, c: Pointer): void {
  const fresh = get(m, c + C_FRESH) as Pointer;
  if (fresh === 0) return;
  // No taker leaves it before C_TAIL lies in another segment, so its pages are not freed yet.
  setPageOwner(m, fresh, OWNER_SHARED);
  set(m, c + C_TAIL_SEGMENT, fresh);
  set(m, c + C_FRESH, 0);
}

/** Reuses the segment of an empty channel from its start. Returns false if the channel is not empty. */
function rewind(m: SharedMemory, c: Pointer, start: Pointer): boolean {
  lock(m, c);
  const empty = get(m, c + C_HEAD) === get(m, c + C_TAIL);
  if (empty) {
    // In this order, or records long taken would come back to life.
    store(m, c + C_TAIL, start);
    store(m, c + C_HEAD, start);
    set(m, c + C_KNOWN_TAIL, start);
  }
  unlock(m, c);
  return empty;
}

/** Allocates a segment with room for a record of `need` words; it belongs to this thread. Returns 0 if memory is exhausted. */
function makeSegment(m: SharedMemory, c: Pointer, need: number): Pointer {
  const growth = get(m, c + C_GROWTH);
  const pages = Math.max(growth, Math.ceil((need + SEGMENT_HEADER) / PAGE_WORDS));
  const segment = allocatePages(m, pages, (m.slot + 1) as Owner);
  if (segment === 0) return 0;
  set(m, segment + SEGMENT_NEXT, 0);
  set(m, segment + SEGMENT_END, segment + pages * PAGE_WORDS);
  set(m, c + C_GROWTH, Math.min(growth * 2, MAX_GROWTH));
  return segment;
}

/** Makes `segment` the only one. The store of C_HEAD_SEGMENT publishes it. Under both locks. */
export function startWith(m: SharedMemory, c: Pointer, segment: Pointer): void {
  store(m, c + C_HEAD, segment + SEGMENT_HEADER);
  store(m, c + C_TAIL, segment + SEGMENT_HEADER);
  set(m, c + C_KNOWN_TAIL, segment + SEGMENT_HEADER);
  set(m, c + C_TAIL_SEGMENT, segment);
  store(m, c + C_HEAD_SEGMENT, segment);
}

/** Moves C_HEAD to the next segment, frees the old one's pages, and returns the new C_HEAD. */
export function leaveSegment(m: SharedMemory, c: Pointer): Pointer {
  const segment = get(m, c + C_HEAD_SEGMENT) as Pointer;
  const next = nextSegment(m, segment);
  const paged = segment !== get(m, c + C_INLINE);
  if (paged) setPageOwner(m, segment, (m.slot + 1) as Owner);
  store(m, c + C_HEAD, next + SEGMENT_HEADER);
  store(m, c + C_HEAD_SEGMENT, next);
  if (paged) freePages(m, segment);
  return (next + SEGMENT_HEADER) as Pointer;
}

/** The segment after `segment`, mapped. */
export function nextSegment(m: SharedMemory, segment: Pointer): Pointer {
  const next = get(m, segment + SEGMENT_NEXT) as Pointer;
  mapSegment(m, next);
  return next;
}

/** Maps all of a segment for this thread: the memory may have grown since this thread last looked at its size. */
export function mapSegment(m: SharedMemory, segment: Pointer): void {
  ensureMapped(m, segment + SEGMENT_END);
  ensureMapped(m, get(m, segment + SEGMENT_END) - 1);
}

/** Whether `p` lies in the segment, or is its end. */
export function contains(m: SharedMemory, segment: Pointer, p: Pointer): boolean {
  return p >= segment + SEGMENT_HEADER && p <= get(m, segment + SEGMENT_END);
}

/** Whether the segment has no record at `p`: the next record is in the next segment. */
export function endsSegment(m: SharedMemory, segment: Pointer, p: Pointer): boolean {
  mapSegment(m, segment);
  return p === get(m, segment + SEGMENT_END) || get(m, p + R_SIZE) === 0;
}

/** Hands a segment that lies in pages of its own to OWNER_SHARED. */
export function shareSegment(m: SharedMemory, c: Pointer, segment: Pointer): void {
  if (segment !== get(m, c + C_INLINE)) setPageOwner(m, segment, OWNER_SHARED);
}
