/**
 * Repairing a channel of which the dead held a lock.
 *
 * If the dead held one lock, the other side goes on meanwhile, so the repair of one side touches nothing of the other. If they held both,
 * the channel stands still, and everything derived is rebuilt from C_HEAD, C_TAIL and the chain of segments.
 */
import { acquire, get, load, set, type SharedMemory, store } from "../memory/atomics.js";
import type { Owner, Pointer } from "../memory/brands.js";
import {
  C_BLOB,
  C_FRESH,
  C_HEAD,
  C_HEAD_SEGMENT,
  C_KNOWN_TAIL,
  C_NEXT_HEAD,
  C_NEXT_PUT,
  C_NEXT_TAIL,
  C_NEXT_TAKEN,
  C_PUT,
  C_SENDERS,
  C_TAIL,
  C_TAIL_SEGMENT,
  C_TAKEN,
  OWNER_SHARED,
  R_SENDER,
  R_SIZE,
  RECORD_REMOVED,
  SEGMENT_HEADER,
  SEGMENT_NEXT,
} from "../memory/layout.js";
import { setPageOwner } from "../memory/page-allocator.js";
import { isBlob, payloadOf, stateOf } from "./records.js";
import { contains, endsSegment, keepRoom, mapSegment, nextSegment, shareSegment } from "./segments.js";

/** The dead held the putters' lock, and not the takers'. Their pages belong to `deadOwner`. */
export function repairPut(m: SharedMemory, c: Pointer, deadOwner: Owner): void {
  finishPut(m, c, deadOwner);
  const fresh = get(m, c + C_FRESH) as Pointer;
  if (fresh === 0) return;
  mapSegment(m, fresh);
  if (contains(m, fresh, get(m, c + C_TAIL) as Pointer)) keepRoom(m, c);
  else {
    // It published no record there: the segment is swept with the rest of its pages.
    set(m, get(m, c + C_TAIL_SEGMENT) + SEGMENT_NEXT, 0);
    set(m, c + C_FRESH, 0);
  }
}

/** It died between publishing records and counting them, or before it published the one whose payload it had handed over. */
function finishPut(m: SharedMemory, c: Pointer, deadOwner: Owner): void {
  const published = load(m, c + C_TAIL) === get(m, c + C_NEXT_TAIL);
  if (published) set(m, c + C_PUT, get(m, c + C_NEXT_PUT));
  const blob = get(m, c + C_BLOB) as Pointer;
  if (blob === 0) return;
  if (!published) setPageOwner(m, blob, deadOwner);
  set(m, c + C_BLOB, 0);
}

/** The dead held the takers' lock, and not the putters'. */
export function repairTake(m: SharedMemory, c: Pointer): void {
  if (load(m, c + C_HEAD_SEGMENT) === 0) return;
  const segment = repairHead(m, c);
  if (load(m, c + C_HEAD) === get(m, c + C_NEXT_HEAD)) store(m, c + C_TAKEN, get(m, c + C_NEXT_TAKEN));
  // It died between owning what the next record carries and taking it.
  const p = load(m, c + C_HEAD) as Pointer;
  if (p === acquire(m, c + C_TAIL) || endsSegment(m, segment, p)) return;
  if (stateOf(m, p) !== RECORD_REMOVED && isBlob(m, p)) setPageOwner(m, payloadOf(m, p), OWNER_SHARED);
}

/** Makes C_HEAD_SEGMENT the segment of C_HEAD, and returns it. */
function repairHead(m: SharedMemory, c: Pointer): Pointer {
  let segment = load(m, c + C_HEAD_SEGMENT) as Pointer;
  mapSegment(m, segment);
  // It died between moving C_HEAD to the next segment and moving C_HEAD_SEGMENT; it owned the old segment by then.
  while (!contains(m, segment, load(m, c + C_HEAD) as Pointer)) segment = nextSegment(m, segment);
  store(m, c + C_HEAD_SEGMENT, segment);
  // It died between owning the segment and leaving it.
  shareSegment(m, c, segment);
  return segment;
}

/** The dead held both locks. */
export function repairChannel(m: SharedMemory, c: Pointer, deadOwner: Owner): void {
  finishPut(m, c, deadOwner);
  set(m, c + C_FRESH, 0);
  set(m, c + C_NEXT_HEAD, 0);
  set(m, c + C_NEXT_TAIL, 0);
  if (load(m, c + C_HEAD_SEGMENT) === 0) {
    store(m, c + C_HEAD, 0);
    store(m, c + C_TAIL, 0);
    set(m, c + C_TAIL_SEGMENT, 0);
    set(m, c + C_KNOWN_TAIL, 0);
    set(m, c + C_PUT, get(m, c + C_TAKEN));
    return;
  }
  let segment = repairHead(m, c);
  // It died rewinding an empty segment: C_TAIL is back at the start, C_HEAD is not.
  if (contains(m, segment, load(m, c + C_TAIL) as Pointer) && load(m, c + C_HEAD) > load(m, c + C_TAIL)) {
    store(m, c + C_HEAD, load(m, c + C_TAIL));
  }
  let count = 0;
  let senders = 0;
  let p = load(m, c + C_HEAD) as Pointer;
  while (p !== load(m, c + C_TAIL)) {
    if (endsSegment(m, segment, p)) {
      segment = nextSegment(m, segment);
      shareSegment(m, c, segment);
      p = (segment + SEGMENT_HEADER) as Pointer;
      continue;
    }
    if (stateOf(m, p) !== RECORD_REMOVED) {
      count++;
      senders |= 1 << (get(m, p + R_SENDER) & 31);
      if (isBlob(m, p)) setPageOwner(m, payloadOf(m, p), OWNER_SHARED);
    }
    (p as number) += get(m, p + R_SIZE);
  }
  set(m, c + C_PUT, (get(m, c + C_TAKEN) + count) | 0);
  set(m, c + C_KNOWN_TAIL, load(m, c + C_TAIL));
  set(m, c + C_SENDERS, senders);
  set(m, c + C_TAIL_SEGMENT, segment);
  // A segment that it linked but published no record in is swept with the rest of its pages.
  const orphan = get(m, segment + SEGMENT_NEXT) as Pointer;
  set(m, segment + SEGMENT_NEXT, 0);
  if (orphan !== 0) setPageOwner(m, orphan, deadOwner);
}
