/**
 * Taking records out of a channel wherever they lie: one that its sender withdraws, and all those of a sender that was destroyed.
 *
 * A removed record keeps its place, so that the chain of records stays whole: only its state changes, with one store, and `first`
 * skips it. Everything here happens under both locks of the channel, except that `remove` needs the takers' only.
 */
import { get, load, set, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import {
  C_HEAD,
  C_HEAD_SEGMENT,
  C_SENDERS,
  C_TAIL,
  C_TAIL_SEGMENT,
  C_TAKEN,
  R_FLAGS,
  R_SENDER,
  R_SIZE,
  RECORD_ERROR,
  RECORD_LIVE,
  RECORD_REMOVED,
  RECORD_UNBOUND,
  RECORD_UNBOUND_SHIFT,
  REF_WORDS,
  SEGMENT_HEADER,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_KEEP,
} from "../memory/layout.js";
import { countTaken } from "./channel.js";
import { clearRecord, payloadOf, referencesOf, stateOf } from "./records.js";
import { contains, endsSegment, nextSegment } from "./segments.js";

/** Removes a live record. */
export function remove(m: SharedMemory, c: Pointer, r: Pointer): void {
  clearRecord(m, r, RECORD_REMOVED);
  countTaken(m, c, get(m, c + C_TAKEN) + 1);
}

/**
 * Removes the record of `sender` whose value begins with the word `key` and that was put at `place` (`SharedMemory.lastPut`).
 * Returns false if it is no longer there, because it was taken.
 *
 * Pages are recycled and segments reused, so anything may lie at `place` by now, even the middle of another record. The function
 * therefore believes it only once a walk over the records of a segment of this channel arrives there.
 */
export function removeRecord(
  m: SharedMemory,
  c: Pointer,
  sender: InterpreterId,
  key: number,
  place: Pointer,
): boolean {
  const tail = load(m, c + C_TAIL);
  let p = load(m, c + C_HEAD) as Pointer;
  let segment = get(m, c + C_HEAD_SEGMENT) as Pointer;
  while (segment !== 0 && !contains(m, segment, place)) {
    if (segment === get(m, c + C_TAIL_SEGMENT)) return false;
    segment = nextSegment(m, segment);
    p = (segment + SEGMENT_HEADER) as Pointer;
  }
  while (segment !== 0 && p !== tail && p <= place && !endsSegment(m, segment, p)) {
    if (p === place) {
      if (stateOf(m, p) !== RECORD_LIVE || get(m, p + R_SENDER) !== sender) return false;
      if (get(m, payloadOf(m, p) + referencesOf(m, p) * REF_WORDS) !== key) return false;
      remove(m, c, p);
      return true;
    }
    (p as number) += get(m, p + R_SIZE);
  }
  return false;
}

/**
 * Interpreter `sender` was destroyed: gives each of its records the fate it was put with. Returns how many were removed, which is how
 * much room that made for waiting putters.
 */
export function unbind(m: SharedMemory, c: Pointer, sender: InterpreterId): number {
  if ((get(m, c + C_SENDERS) & (1 << (sender & 31))) === 0) return 0;
  const tail = load(m, c + C_TAIL);
  let segment = get(m, c + C_HEAD_SEGMENT) as Pointer;
  let removed = 0;
  let senders = 0;
  for (let p = load(m, c + C_HEAD) as Pointer; p !== tail;) {
    if (endsSegment(m, segment, p)) {
      segment = nextSegment(m, segment);
      p = (segment + SEGMENT_HEADER) as Pointer;
      continue;
    }
    if (stateOf(m, p) === RECORD_LIVE) {
      const from = get(m, p + R_SENDER);
      const behaviour = (get(m, p + R_FLAGS) >>> RECORD_UNBOUND_SHIFT) & 3;
      if (from !== sender || behaviour === UNBOUND_ITEM_KEEP) senders |= 1 << (from & 31);
      else if (behaviour === UNBOUND_ITEM) clearRecord(m, p, RECORD_UNBOUND);
      else if (behaviour === UNBOUND_ITEM_ERROR) clearRecord(m, p, RECORD_ERROR);
      else {
        remove(m, c, p);
        removed++;
      }
    }
    (p as number) += get(m, p + R_SIZE);
  }
  set(m, c + C_SENDERS, senders);
  return removed;
}
