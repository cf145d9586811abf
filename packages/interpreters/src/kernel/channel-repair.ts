/** Repairing a channel whose lock the dead held: everything derived is rebuilt from C_HEAD, C_TAIL and the chain of segments. */
import { get, load, set, type SharedMemory, store } from "../memory/atomics.js";
import type { Owner, Pointer } from "../memory/brands.js";
import {
  C_COUNT,
  C_HEAD,
  C_HEAD_SEGMENT,
  C_SENDERS,
  C_TAIL,
  C_TAIL_SEGMENT,
  OWNER_SHARED,
  R_SENDER,
  R_SIZE,
  RECORD_REMOVED,
  SEGMENT_HEADER,
  SEGMENT_NEXT,
} from "../memory/layout.js";
import { setPageOwner } from "../memory/page-allocator.js";
import { isBlob, payloadOf, stateOf } from "./records.js";
import { contains, endsSegment, mapSegment, nextSegment, shareSegment } from "./segments.js";

/** Restores what is derived. The lock is held in the name of the dead, whose pages `deadOwner` owns. */
export function repairChannel(m: SharedMemory, c: Pointer, deadOwner: Owner): void {
  let segment = load(m, c + C_HEAD_SEGMENT) as Pointer;
  if (segment === 0) {
    store(m, c + C_HEAD, 0);
    store(m, c + C_TAIL, 0);
    set(m, c + C_TAIL_SEGMENT, 0);
    set(m, c + C_COUNT, 0);
    return;
  }
  mapSegment(m, segment);
  // It died between moving C_HEAD to the next segment and moving C_HEAD_SEGMENT; it owned the old segment by then.
  while (!contains(m, segment, load(m, c + C_HEAD) as Pointer)) segment = nextSegment(m, segment);
  store(m, c + C_HEAD_SEGMENT, segment);
  // It died rewinding an empty segment: C_TAIL is back at the start, C_HEAD is not.
  if (contains(m, segment, load(m, c + C_TAIL) as Pointer) && load(m, c + C_HEAD) > load(m, c + C_TAIL)) {
    store(m, c + C_HEAD, load(m, c + C_TAIL));
  }
  shareSegment(m, c, segment);
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
  set(m, c + C_COUNT, count);
  set(m, c + C_SENDERS, senders);
  set(m, c + C_TAIL_SEGMENT, segment);
  // A segment that it linked but published no record in is swept with the rest of its pages.
  const orphan = get(m, segment + SEGMENT_NEXT) as Pointer;
  set(m, segment + SEGMENT_NEXT, 0);
  if (orphan !== 0) setPageOwner(m, orphan, deadOwner);
}
