/**
 * The doorbell: how an interpreter waits for anything at all.
 *
 * Each slot has a counter (S_BELL) and a flag (S_SLEEPING). It is an event count: who waits reads the counter, looks
 * whether there is something to do, and sleeps only if the counter has not moved since.
 *
 *     ring:  publish the news;  bell += 1;  if sleeping was set: clear it, notify
 *     wait:  seen = bell;  look for news;  sleeping = 1;  sleep while bell === seen;  sleeping = 0
 *
 * Both sides write their word before they read the other's, and all are sequentially consistent, so one of them sees
 * the other: no wake-up is lost, and a ring costs a system call only when somebody sleeps. Blocked threads and event
 * loops (`waitAsync`) wait on the same word, so a ring need not know which it wakes; it wakes all.
 */
import { add, exchange, load, notify, pause, type SharedMemory, store, wait, waitAsync } from "./atomics.js";
import { S_BELL, S_SLEEPING, slotPointer } from "./layout.js";

export function ring(m: SharedMemory, slot: number): void {
  const p = slotPointer(slot);
  add(m, p + S_BELL, 1);
  if (load(m, p + S_SLEEPING) !== 0 && exchange(m, p + S_SLEEPING, 0) !== 0) {
    notify(m, p + S_BELL, Infinity);
  }
}

/** The counter, to be read before looking for news. */
export function bell(m: SharedMemory): number {
  return load(m, m.me + S_BELL);
}

/** Looks `spins` times whether it rang; cheaper than a sleep when the answer is some microseconds away. */
export function spin(m: SharedMemory, seen: number, spins: number): boolean {
  for (let i = 0; i < spins; i++) {
    if (load(m, m.me + S_BELL) !== seen) return true;
    pause(m);
  }
  return false;
}

/** Blocks the thread until it rings, or `timeout` milliseconds went by. */
export function sleep(m: SharedMemory, seen: number, timeout: number): void {
  store(m, m.me + S_SLEEPING, 1);
  wait(m, m.me + S_BELL, seen, timeout);
}

/** Like `sleep` on the event loop; undefined when it has rung already. Does not keep the event loop alive. */
export function sleepAsync(m: SharedMemory, seen: number): Promise<unknown> | undefined {
  store(m, m.me + S_SLEEPING, 1);
  return waitAsync(m, m.me + S_BELL, seen);
}
