/**
 * Mends the counts of references that a death left too high.
 *
 * Who puts a record that carries a queue or an interpreter counts the reference before the record can be seen, and who
 * takes it uncounts after it is gone (queue/channel.ts): the count is never too low. A death in between leaves it too
 * high by one, and what it counts would never be collected. So after a death, before anything is collected:
 *
 *     note each count and its "touched" word → count what all channels really carry → take the excess off
 *
 * A count, its "touched" word and the records that it counts change within one step of one channel's lock, "touched"
 * last. The walk takes each of these locks. So a "touched" that did not move from before the walk to after it proves
 * that every such step was finished before the note, or began after the walk had passed its channel: either way the
 * noted count, less what was found, is the excess. It is subtracted, not stored: a step that has begun since keeps its
 * effect. Where it moved, nothing is known, and the caller comes back.
 */
import { add, get, load, ensureMapped, type SharedMemory } from "../memory/atomics.js";
import {
  C_HEAD,
  C_HEAD_SEGMENT,
  C_REFERENCES,
  C_TAIL,
  SEGMENT_HEADER,
  H_QUEUES,
  H_REGISTRY_LOCK,
  H_SLOTS_USED,
  PAGE_WORDS,
  Q_ITEM_REFERENCES,
  Q_NEXT,
  Q_REF_VERSION,
  R_SIZE,
  RECORD_LIVE,
  REF_INTERPRETER,
  REF_WORDS,
  S_ID,
  S_ITEM_REFERENCES,
  S_REPLIES,
  S_REF_VERSION,
  S_WORK,
  slotPointer,
} from "../memory/layout.js";
import { lock, unlock } from "../memory/lock.js";
import { payloadOf, referencesOf, stateOf } from "./records.js";
import { isQueue } from "./references.js";
import { endsSegment, nextSegment } from "./segments.js";

/** A queue or an interpreter that records are said to carry. */
interface Carried {
  readonly counter: number;
  readonly touched: number;
  /** As it was before the walk. */
  readonly touches: number;
  readonly counted: number;
  found: number;
}

/** False: some counts were moving, so that nothing could be said of them; to be called again. */
export function reconcileReferences(m: SharedMemory): boolean {
  // By pointer to the queue, or to the slot: the list of queues stands still, and no slot gets a new interpreter.
  const carried = new Map<number, Carried>();
  lock(m, H_REGISTRY_LOCK);
  const end = load(m, H_SLOTS_USED);
  for (let q = get(m, H_QUEUES); q !== 0; q = get(m, q + Q_NEXT)) {
    ensureMapped(m, q + PAGE_WORDS - 1);
    note(m, carried, q, q + Q_ITEM_REFERENCES, q + Q_REF_VERSION);
  }
  for (let slot = 0; slot < end; slot++) {
    const p = slotPointer(slot);
    note(m, carried, p, p + S_ITEM_REFERENCES, p + S_REF_VERSION);
  }
  let settled = true;
  if (carried.size > 0) {
    for (let q = get(m, H_QUEUES); q !== 0; q = get(m, q + Q_NEXT)) countIn(m, q, carried);
    for (let slot = 0; slot < end; slot++) {
      countIn(m, slotPointer(slot) + S_WORK, carried);
      countIn(m, slotPointer(slot) + S_REPLIES, carried);
    }
    for (const { counter, touched, touches, counted, found } of carried.values()) {
      if (load(m, touched) !== touches) settled = false;
      else if (counted > found) {
        add(m, counter, found - counted);
        add(m, touched, 1);
      }
    }
  }
  unlock(m, H_REGISTRY_LOCK);
  return settled;
}

function note(
  m: SharedMemory,
  carried: Map<number, Carried>,
  p: number,
  counter: number,
  touched: number,
): void {
  const touches = load(m, touched);
  const counted = load(m, counter);
  if (counted > 0) carried.set(p, { counter, touched, touches, counted, found: 0 });
}

/** Adds what the records of channel `c` carry. */
function countIn(m: SharedMemory, c: number, carried: Map<number, Carried>): void {
  lock(m, c);
  if (get(m, c + C_REFERENCES) !== 0) {
    const tail = load(m, c + C_TAIL);
    let segment = get(m, c + C_HEAD_SEGMENT);
    for (let r = load(m, c + C_HEAD); r !== tail;) {
      if (endsSegment(m, segment, r)) {
        segment = nextSegment(m, segment);
        r = segment + SEGMENT_HEADER;
        continue;
      }
      const count = stateOf(m, r) === RECORD_LIVE ? referencesOf(m, r) : 0;
      if (count !== 0) {
        const payload = payloadOf(m, r);
        for (let i = 0; i < count * REF_WORDS; i += REF_WORDS) {
          const kind = get(m, payload + i);
          const a = get(m, payload + i + 1);
          const b = get(m, payload + i + 2);
          const what = isQueue(kind) ? a : kind === REF_INTERPRETER ? carriedSlot(m, a, b) : 0;
          const entry = carried.get(what);
          if (entry !== undefined) entry.found++;
        }
      }
      r += get(m, r + R_SIZE);
    }
  }
  unlock(m, c);
}

/** The slot's pointer, if the interpreter that the record carries still lives there; else 0. */
function carriedSlot(m: SharedMemory, slot: number, id: number): number {
  const p = slotPointer(slot);
  return load(m, p + S_ID) === id ? p : 0;
}
