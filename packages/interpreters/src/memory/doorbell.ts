/**
 * The doorbell: the one way in which an interpreter waits.
 *
 * Each slot has one word, `{ counter: 31 bits, sleeping: 1 bit }`. It is an event count: a waiter reads the counter,
 * polls for something to do, and goes to sleep only by a compare-and-swap from the counter that it read.
 *
 *     ring:   publish;  counter += 1 and sleeping = 0, in one step;  if sleeping was set: notify all
 *     wait:   seen = counter;  poll;  { seen, 0 } → { seen, 1 }, or poll again if it rang;  sleep while the word is { seen, 1 }
 *
 * Counter and flag are one word, so that a ring clears the flag only of sleepers that it also wakes. With two words, a
 * ring that came before a sleep could clear the flag of that sleep, and the next ring would wake no thread. A ring
 * costs a system call only if the owner sleeps. Blocked threads and event loops (`waitAsync`) wait on the same word,
 * so a ring need not know which it wakes; it wakes all.
 */
import { add, cas, load, notify, pause, type SharedMemory, wait, waitAsync } from "./atomics.js";
import type { Slot } from "./brands.js";
import { S_DOORBELL, slotPointer } from "./layout.js";

const SLEEPING = 1;
const ONE_RING = 2;

/** Rings the doorbell of `slot`. Publish first: what the owner polls for must be visible before the counter moves. */
export function ring(m: SharedMemory, slot: Slot): void {
  const p = slotPointer(slot) + S_DOORBELL;
  for (;;) {
    const word = load(m, p);
    if (cas(m, p, word, (word + ONE_RING) & ~SLEEPING) !== word) continue;
    if ((word & SLEEPING) !== 0) notify(m, p, Infinity);
    return;
  }
}

/** Rings and always notifies: the dead may have cleared the flag and not come to notify. */
export function ringAfterDeath(m: SharedMemory, slot: Slot): void {
  const p = slotPointer(slot) + S_DOORBELL;
  add(m, p, ONE_RING);
  notify(m, p, Infinity);
}

/** Whether the owner of `slot` is marked as sleeping: no thread has rung it, or begun to, since it went to sleep. */
export function sleepsUnrung(m: SharedMemory, slot: Slot): boolean {
  return isSleeping(load(m, slotPointer(slot) + S_DOORBELL));
}

/** As `sleepsUnrung`, for the word of a doorbell. If it is the same later on, the owner has slept all the time. */
export function isSleeping(word: number): boolean {
  return (word & SLEEPING) !== 0;
}

/** The word of a doorbell, which says that its owner sleeps, when the owner has slept again after one ring. */
export function wordAfterRing(word: number): number {
  return (word + ONE_RING) | SLEEPING | 0;
}

/** Reads the counter of this thread's doorbell. Call it before polling. */
export function observe(m: SharedMemory): number {
  return load(m, m.me + S_DOORBELL) & ~SLEEPING;
}

/**
 * Polls the doorbell up to `spins` times, which is cheaper than sleeping when the ring is only microseconds away. Returns how
 * many polls came before the ring, or -1 if it has not rung.
 */
export function spin(m: SharedMemory, seen: number, spins: number): number {
  for (let i = 0; i < spins; i++) {
    if ((load(m, m.me + S_DOORBELL) & ~SLEEPING) !== seen) return i;
    pause(m);
  }
  return -1;
}

/** Blocks the thread until its doorbell rings or `timeout` milliseconds have passed; not at all if it has rung since `seen`. */
export function park(m: SharedMemory, seen: number, timeout: number): void {
  if (markSleeping(m, seen)) sleep(m, seen, timeout);
}

/** The second half of `park`, after `markSleeping`. */
export function sleep(m: SharedMemory, seen: number, timeout: number): void {
  wait(m, m.me + S_DOORBELL, seen | SLEEPING, timeout);
}

/** As `park`, on the event loop. Returns undefined if the doorbell has rung since `seen`. Does not keep the event loop alive. */
export function parkAsync(m: SharedMemory, seen: number): Promise<unknown> | undefined {
  return markSleeping(m, seen) ? waitAsync(m, m.me + S_DOORBELL, seen | SLEEPING) : undefined;
}

/** The first half of `park`. Returns false if the doorbell has rung since `seen`. The flag may be set already, by this thread's event loop. */
export function markSleeping(m: SharedMemory, seen: number): boolean {
  const word = cas(m, m.me + S_DOORBELL, seen, seen | SLEEPING);
  return word === seen || word === (seen | SLEEPING);
}
