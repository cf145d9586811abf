/**
 * The queues and interpreters that a record refers to: triples { kind, a, b } at the start of its payload.
 *
 * A reference keeps its referent alive, as a handle does. Two words of the referent say so: a count of the records that carry
 * it (Q_ITEM_REFERENCES, S_ITEM_REFERENCES) and a bit set of the slots that hold it (Q_HOLDERS, S_HOLDERS).
 *
 *     append:  count + 1 → publish the record               a death in between leaves the count too high, never too low
 *     take:    set the holder's bit → take → count - 1      the referent is held at every instant
 *
 * reconcile.ts takes off what deaths left too high. Each change of a count also moves a version (Q_REF_VERSION), last, so that a
 * reader of several words can tell whether it saw one state of them.
 */
import { add, ensureMapped, get, load, type SharedMemory } from "../memory/atomics.js";
import { setBit } from "../memory/bitset.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import {
  PAGE_WORDS,
  Q_HOLDERS,
  Q_ITEM_REFERENCES,
  Q_REF_VERSION,
  REF_BUFFER,
  REF_INTERPRETER,
  REF_MOVED,
  REF_QUEUE,
  REF_SYNC,
  REF_WORDS,
  S_HOLDERS,
  S_ID,
  S_ITEM_REFERENCES,
  S_REF_VERSION,
  slotPointer,
} from "../memory/layout.js";

/** Makes this thread a holder of everything that the payload refers to. */
export function holdReferences(m: SharedMemory, payload: Pointer, count: number): void {
  for (let i = 0; i < count * REF_WORDS; i += REF_WORDS) {
    const kind = get(m, payload + i);
    const a = get(m, payload + i + 1);
    if (isQueue(kind)) {
      ensureMapped(m, a + PAGE_WORDS - 1);
      setBit(m, a + Q_HOLDERS, m.slot);
    } else if (kind === REF_INTERPRETER && livesIn(m, a as Slot, get(m, payload + i + 2) as InterpreterId)) {
      setBit(m, slotPointer(a as Slot) + S_HOLDERS, m.slot);
    }
  }
}

/** Adds `by` to the count of everything that the payload refers to. */
export function countReferences(m: SharedMemory, payload: Pointer, count: number, by: number): void {
  for (let i = 0; i < count * REF_WORDS; i += REF_WORDS) {
    const kind = get(m, payload + i);
    const a = get(m, payload + i + 1);
    if (isQueue(kind)) {
      // This thread may only pass the queue on or drop it, and may never have mapped the memory that far.
      ensureMapped(m, a + PAGE_WORDS - 1);
      add(m, a + Q_ITEM_REFERENCES, by);
      add(m, a + Q_REF_VERSION, 1);
    } else if (kind === REF_INTERPRETER && livesIn(m, a as Slot, get(m, payload + i + 2) as InterpreterId)) {
      add(m, slotPointer(a as Slot) + S_ITEM_REFERENCES, by);
      add(m, slotPointer(a as Slot) + S_REF_VERSION, 1);
    }
  }
}

/** Whether the referent is a queue, be it a hidden one that is the placeholder of a buffer, or a synchronization object. */
export function isQueue(kind: number): boolean {
  return kind === REF_QUEUE || kind === REF_SYNC || kind === REF_BUFFER || kind === REF_MOVED;
}

/** Whether interpreter `id` still lives in `slot`: a record may name one that is gone and whose slot was claimed again. */
export function livesIn(m: SharedMemory, slot: Slot, id: InterpreterId): boolean {
  return load(m, slotPointer(slot) + S_ID) === id;
}
