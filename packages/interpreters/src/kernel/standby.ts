/**
 * How a standby thread (`prewarm`) learns which slot it serves. Each waits on a word of the shared memory, its *cell*:
 *
 *     0 ──the supervisor starts a thread──▶ -kind ──an interpreter is created──▶ slot + 1 ──the thread is READY, or dead──▶ 0
 *                                             └────it is not needed, or dead────▶ 0
 *
 * A thread that creates an interpreter gives it a standby thread by one compare-and-swap and wakes that thread; leaving this to the
 * supervisor would cost one more wake-up. The supervisor's doorbell only makes it read these words. They tell it all that it needs to
 * watch over the thread from then on, even if the creator is dead by then.
 *
 * The *kind* is a number for the options that the standby threads were started with. Only the thread that asked for them knows which
 * options it stands for. Any other creator leaves the choice to the supervisor, as it does if no standby thread waits: the supervisor
 * compares the options and gives the slot away in the same way.
 */
import { add, cas, load, notify, type SharedMemory, store, wait } from "../memory/atomics.js";
import type { Slot } from "../memory/brands.js";
import { H_STANDBY_KIND, H_STANDBY, STANDBY_CELLS } from "../memory/layout.js";

/** Returns a number for options that no other thread has used. */
export function nextKind(m: SharedMemory): number {
  return (add(m, H_STANDBY_KIND, 1) & 0x3fffffff) + 1;
}

/** Gives `slot` to any standby thread of that kind. Returns false if none waits. */
export function giveToAny(m: SharedMemory, kind: number, slot: Slot): boolean {
  for (let cell = 0; cell < STANDBY_CELLS; cell++) if (giveTo(m, cell, kind, slot)) return true;
  return false;
}

/** Gives `slot` to the standby thread that waits on `cell`. Returns false if none of that kind waits there. */
export function giveTo(m: SharedMemory, cell: number, kind: number, slot: Slot): boolean {
  if (cas(m, H_STANDBY + cell, -kind, slot + 1) !== -kind) return false;
  notify(m, H_STANDBY + cell, 1);
  return true;
}

/** Clears the cell for another thread: the one that waited on it has been given its slot and has begun, or is dead. */
export function clearCell(m: SharedMemory, cell: number): void {
  store(m, H_STANDBY + cell, 0);
}

/** Changes the kind of the thread that waits on `cell`; 0 is no kind. Returns false if it has been given a slot. */
export function changeKind(m: SharedMemory, cell: number, from: number, to: number): boolean {
  return cas(m, H_STANDBY + cell, 0 - from, 0 - to) === 0 - from;
}

/** The slot that was given to the thread that waits on `cell`, or -1. Wakes the thread: the giver may have died before it did so. */
export function givenTo(m: SharedMemory, cell: number): Slot {
  const word = load(m, H_STANDBY + cell);
  if (word <= 0) return -1 as Slot;
  notify(m, H_STANDBY + cell, 1);
  return (word - 1) as Slot;
}

/** Blocks this thread until it is given a slot. */
export function waitForSlot(m: SharedMemory, cell: number): Slot {
  const p = H_STANDBY + cell;
  for (;;) {
    const word = load(m, p);
    if (word > 0) return (word - 1) as Slot;
    wait(m, p, word, Infinity);
  }
}
