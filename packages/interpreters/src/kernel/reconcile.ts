/**
 * Corrects the counts of references that a death left too high.
 *
 * A thread that puts a record with references counts them before the record can be seen, and a thread that takes it uncounts
 * them after it is gone (references.ts): a count is never too low. A death in between leaves it too
 * high by one, and its queue or interpreter would never be collected. So after a death, before anything is collected:
 *
 *     note each count and its version → count what all channels really carry → subtract the excess
 *
 * A count, its version and the records that it counts change within one step of one channel's lock, the putters' or the takers', the version
 * last. The walk takes each of these locks. So a version that did not move from before the walk to after it proves
 * that every such step ended before the note, or began after the walk had passed its channel: either way the
 * noted count less the found one is the excess. The excess is subtracted, and not the found count stored, so that a step that began
 * since keeps its effect. If the version moved, nothing is known about that count, and the caller tries again later.
 */
import { add, get, load, ensureMapped, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
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
import { lockChannel, unlockChannel } from "./channel-locks.js";
import { payloadOf, referencesOf, stateOf } from "./records.js";
import { isQueue } from "./references.js";
import { endsSegment, nextSegment } from "./segments.js";

/** A queue or an interpreter that records carry, according to its count. */
interface Carried {
  /** Pointers to its count and to its version. */
  readonly counter: number;
  readonly version: number;
  /** The version and the count before the walk. */
  readonly seen: number;
  readonly counted: number;
  /** How many references the walk has found. */
  found: number;
}

/** Returns false if counts were moving, so that nothing is known about them: then call it again later. */
export function reconcileReferences(m: SharedMemory): boolean {
  // By the pointer to the queue or slot. Under the registry lock the list of queues stands still, and no slot gets a new interpreter.
  const carried = new Map<Pointer, Carried>();
  lock(m, H_REGISTRY_LOCK);
  const end = load(m, H_SLOTS_USED);
  for (let q = get(m, H_QUEUES) as Pointer; q !== 0; q = get(m, q + Q_NEXT) as Pointer) {
    ensureMapped(m, q + PAGE_WORDS - 1);
    note(m, carried, q, q + Q_ITEM_REFERENCES, q + Q_REF_VERSION);
  }
  for (let slot = 0 as Slot; slot < end; slot++) {
    const p = slotPointer(slot);
    note(m, carried, p, p + S_ITEM_REFERENCES, p + S_REF_VERSION);
  }
  let settled = true;
  if (carried.size > 0) {
    for (let q = get(m, H_QUEUES) as Pointer; q !== 0; q = get(m, q + Q_NEXT) as Pointer)
      countIn(m, q, carried);
    for (let slot = 0 as Slot; slot < end; slot++) {
      countIn(m, (slotPointer(slot) + S_WORK) as Pointer, carried);
      countIn(m, (slotPointer(slot) + S_REPLIES) as Pointer, carried);
    }
    for (const { counter, version, seen, counted, found } of carried.values()) {
      if (load(m, version) !== seen) settled = false;
      else if (counted > found) {
        add(m, counter, found - counted);
        add(m, version, 1);
      }
    }
  }
  unlock(m, H_REGISTRY_LOCK);
  return settled;
}

/** Notes the count at `counter` of the queue or slot at `p`, unless it is 0. The version is read first. */
function note(
  m: SharedMemory,
  carried: Map<Pointer, Carried>,
  p: Pointer,
  counter: number,
  version: number,
): void {
  const seen = load(m, version);
  const counted = load(m, counter);
  if (counted > 0) carried.set(p, { counter, version, seen, counted, found: 0 });
}

/** Adds the references that the records of channel `c` carry. */
function countIn(m: SharedMemory, c: Pointer, carried: Map<Pointer, Carried>): void {
  lockChannel(m, c);
  if (get(m, c + C_REFERENCES) !== 0) {
    const tail = load(m, c + C_TAIL);
    let segment = get(m, c + C_HEAD_SEGMENT) as Pointer;
    for (let r = load(m, c + C_HEAD) as Pointer; r !== tail;) {
      if (endsSegment(m, segment, r)) {
        segment = nextSegment(m, segment);
        r = (segment + SEGMENT_HEADER) as Pointer;
        continue;
      }
      const count = stateOf(m, r) === RECORD_LIVE ? referencesOf(m, r) : 0;
      if (count !== 0) {
        const payload = payloadOf(m, r);
        for (let i = 0; i < count * REF_WORDS; i += REF_WORDS) {
          const kind = get(m, payload + i);
          const a = get(m, payload + i + 1);
          const b = get(m, payload + i + 2);
          const what = isQueue(kind)
            ? (a as Pointer)
            : kind === REF_INTERPRETER
              ? carriedSlot(m, a as Slot, b as InterpreterId)
              : 0;
          const entry = carried.get(what);
          if (entry !== undefined) entry.found++;
        }
      }
      (r as number) += get(m, r + R_SIZE);
    }
  }
  unlockChannel(m, c);
}

/** Pointer to the slot, if interpreter `id` still lives there; else 0. */
function carriedSlot(m: SharedMemory, slot: Slot, id: InterpreterId): Pointer {
  const p = slotPointer(slot);
  return load(m, p + S_ID) === id ? p : 0;
}
