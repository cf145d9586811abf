/**
 * How a spare thread (`prewarm`) is told which slot it is to serve. Each waits in a word of the shared memory:
 *
 *     0 ──the supervisor starts a thread──▶ -kind ──an interpreter is created──▶ slot + 1 ──the thread is READY, or dead──▶ 0
                                             └────it is not needed, or dead────▶ 0
 *
 * Whoever creates an interpreter gives it its thread by one compare-and-swap and wakes that: to have the supervisor do so would
 * be one more wake-up. The supervisor's doorbell only makes it look at these words. They say all that it needs to know to watch
 * over the thread from then on, even if the creator is dead by then.
 *
 * The *kind* is a number for the options that the spares were started with. Only the thread that asked for them knows what it
 * means, so any other leaves it to the supervisor, as it does where there is no spare thread: that compares the options, and then
 * gives the slot away in the same way.
 */
import { add, cas, load, notify, type SharedMemory, store, wait } from "../memory/atomics.js";
import { H_STANDBY_KIND, H_STANDBY, STANDBY_CELLS } from "../memory/layout.js";

/** A number for options that no other thread has used. */
export function nextKind(m: SharedMemory): number {
  return (add(m, H_STANDBY_KIND, 1) & 0x3fffffff) + 1;
}

/** Gives `slot` to any standby thread of that kind. Returns false if none waits. */
export function giveToAny(m: SharedMemory, kind: number, slot: number): boolean {
  for (let cell = 0; cell < STANDBY_CELLS; cell++) if (giveTo(m, cell, kind, slot)) return true;
  return false;
}

/** Gives it to the one of that kind that waits there. */
export function giveTo(m: SharedMemory, cell: number, kind: number, slot: number): boolean {
  if (cas(m, H_STANDBY + cell, -kind, slot + 1) !== -kind) return false;
  notify(m, H_STANDBY + cell, 1);
  return true;
}

/** Nobody waits there any more, and soon another thread will. */
export function clearCell(m: SharedMemory, cell: number): void {
  store(m, H_STANDBY + cell, 0);
}

/** Who waits there is of another kind from now on; 0: of none. False: it has been given a slot. */
export function changeKind(m: SharedMemory, cell: number, from: number, to: number): boolean {
  return cas(m, H_STANDBY + cell, 0 - from, 0 - to) === 0 - from;
}

/** The slot that was given to who waits there, or -1. Whoever gave it may have died before waking it. */
export function givenTo(m: SharedMemory, cell: number): number {
  const word = load(m, H_STANDBY + cell);
  if (word <= 0) return -1;
  notify(m, H_STANDBY + cell, 1);
  return word - 1;
}

/** Blocks this thread until it is given a slot. */
export function waitForSlot(m: SharedMemory, cell: number): number {
  const p = H_STANDBY + cell;
  for (;;) {
    const word = load(m, p);
    if (word > 0) return word - 1;
    wait(m, p, word, Infinity);
  }
}
