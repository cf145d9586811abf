/**
 * The doorbell: how an interpreter waits for anything at all.
 *
 * Each slot has one word, `{ counter: 31 bits, sleeping: 1 bit }`. It is an event count: who waits reads the counter,
 * looks whether there is something to do, and goes to sleep only by a compare-and-swap from the counter it read.
 *
 *     ring:   publish the news;  counter += 1 and sleeping = 0, in one step;  if sleeping was set: notify all
 *     wait:   seen = counter;  look for news;  { seen, 0 } → { seen, 1 }, or it rang;  sleep while the word is { seen, 1 }
 *
 * Counter and flag are one word, so that a ring can only clear the flag of sleepers that it also wakes: with two words,
 * a ring that came before a sleep could take away the flag of that sleep, and the next ring would wake nobody. A ring
 * costs a system call only when somebody sleeps. Blocked threads and event loops (`waitAsync`) wait on the same word,
 * so a ring need not know which it wakes; it wakes all.
 */
import { add, cas, load, notify, pause, type SharedMemory, wait, waitAsync } from "./atomics.js";
import { S_DOORBELL, slotPointer } from "./layout.js";

const SLEEPING = 1;
const ONE_RING = 2;

export function ring(m: SharedMemory, slot: number): void {
  const p = slotPointer(slot) + S_DOORBELL;
  for (;;) {
    const word = load(m, p);
    if (cas(m, p, word, (word + ONE_RING) & ~SLEEPING) !== word) continue;
    if ((word & SLEEPING) !== 0) notify(m, p, Infinity);
    return;
  }
}

/** A ring that also makes up for one by somebody who died after clearing the flag and before notifying. */
export function ringAfterDeath(m: SharedMemory, slot: number): void {
  const p = slotPointer(slot) + S_DOORBELL;
  add(m, p, ONE_RING);
  notify(m, p, Infinity);
}

/** The counter, to be read before looking for news. */
export function observe(m: SharedMemory): number {
  return load(m, m.me + S_DOORBELL) & ~SLEEPING;
}

/**
 * Looks up to `spins` times whether it rang; cheaper than a sleep when the answer is some microseconds away. Returns how
 * many looks it took, or -1: it has not rung.
 */
export function spin(m: SharedMemory, seen: number, spins: number): number {
  for (let i = 0; i < spins; i++) {
    if ((load(m, m.me + S_DOORBELL) & ~SLEEPING) !== seen) return i;
    pause(m);
  }
  return -1;
}

/** Blocks the thread until it rings, or `timeout` milliseconds went by. */
export function park(m: SharedMemory, seen: number, timeout: number): void {
  if (markSleeping(m, seen)) wait(m, m.me + S_DOORBELL, seen | SLEEPING, timeout);
}

/** Like `sleep` on the event loop; undefined when it has rung already. Does not keep the event loop alive. */
export function parkAsync(m: SharedMemory, seen: number): Promise<unknown> | undefined {
  return markSleeping(m, seen) ? waitAsync(m, m.me + S_DOORBELL, seen | SLEEPING) : undefined;
}

/** False: it rang since `seen`. The flag may be set already, by this thread's event loop. */
function markSleeping(m: SharedMemory, seen: number): boolean {
  const word = cas(m, m.me + S_DOORBELL, seen, seen | SLEEPING);
  return word === seen || word === (seen | SLEEPING);
}
