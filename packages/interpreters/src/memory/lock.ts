/**
 * A mutual-exclusion lock that survives its holder.
 *
 * The word is 0 (free) or `{ contended: 1 bit, owner: slot + 1 }`. The algorithm is the three-state futex mutex of
 * Ulrich Drepper, "Futexes Are Tricky" (mutex 2); the owner and the list of intents are what Linux calls a robust
 * futex (Documentation/locking/robust-futexes.rst).
 *
 *     free ──lock──▶ owner ──another thread waits──▶ owner | CONTENDED ──unlock──▶ free, one waiter notified
 *
 * A thread can be terminated at any call or loop back-edge. So before it tries to take a lock it writes the lock's
 * pointer into its slot (an *intent*), and clears it after the release. When it dies, the supervisor goes through
 * its intents (kernel/reap.ts). If a lock's word names the dead, it repairs what the lock protects, by kind, and releases the
 * lock. Otherwise it notifies all waiters, because the dead may have consumed a wake-up that was meant for one of them.
 *
 * A thread can also live on without finishing: an exception unwinds the critical section and *poisons* the lock. The call stack may be
 * exhausted at any call, and `vm` stops code at any loop or call when its time limit passes. The intents say so: `depth` is above 0
 * although the thread is in no operation. Before its next one, the thread has the supervisor repair the lock (thread/poison.ts). A thread that
 * waits for long rings the holder, so that it looks at once.
 *
 * Locks are held for about 100 instructions, never across user code, and taken in the order
 * registry → queue or mailbox → pages.
 */
import { cas, exchange, get, load, notify, pause, set, type SharedMemory, store, wait } from "./atomics.js";
import type { Pointer, Slot } from "./brands.js";
import { ring } from "./doorbell.js";
import { H_MAIN_SUSPECTED, MAIN_SLOT, MAX_SLOTS, S_INTENTS, SUPERVISOR_SLOT } from "./layout.js";

/**
 * Thrown to the supervisor, which alone does not wait for ever: the holder may be dead, and the supervisor would learn that only
 * after it returned to its event loop. It abandons what it is doing, as if it had died there (`repairLocks` of its own slot), and
 * tries again later; all its steps can be repeated.
 */
export class LockBusy extends Error {}

/**
 * How often to pause before the first poll of a taken lock, and at most: twice as often before each poll as before the last one. Polling takes the cache line away from
 * the holder. A holder that is left alone for tens of nanoseconds takes the lock several times in a row, and the locked data moves from one processor's cache
 * to the other's once for all of them. One interpreter putting numbers and one getting them: 2.8 to 3.8 million a second with 1 pause,
 * 4.0 with 8, 4.8 with 32, 2.5 to 5.2 with 100.
 *
 * Where many threads wait, their polls alone keep the line on the move; hence the doubling. In a model of sixteen processors (test/interleaving/processors.ts), eight
 * putters and eight getters carry five times as many items as with 32 pauses each time. (T. E. Anderson, "The performance of spin lock alternatives for
 * shared-memory multiprocessors", 1990: exponential backoff.)
 */
const APART = 32;
const MOST_APART = 256;

const CONTENDED = 0x10000;
const OWNER = 0xffff;

/** Takes the lock at `p`, waiting for it. A thread whose patience is finite sleeps once at most; then LockBusy is thrown. */
export function lock(m: SharedMemory, p: Pointer): void {
  set(m, m.me + S_INTENTS + m.depth, p);
  m.depth++;
  // The rest is a function of its own, so that V8 puts this one in the place of its calls.
  if (cas(m, p, 0, m.slot + 1) !== 0) waitForLock(m, p, m.slot + 1);
}

function waitForLock(m: SharedMemory, p: Pointer, me: number): void {
  for (let left = m.spins, apart = APART; left > 0; apart = Math.min(apart * 2, MOST_APART)) {
    for (let i = 0; i < apart; i++) pause(m);
    if (load(m, p) === 0 && cas(m, p, 0, me) === 0) return;
    left -= apart;
  }
  // From here on other threads may sleep here as well, so a thread that gets the lock this way leaves it marked as contended.
  for (let slept = false; ;) {
    const word = load(m, p);
    if (word === 0) {
      if (cas(m, p, 0, me | CONTENDED) === 0) return;
    } else if ((word & CONTENDED) !== 0 || cas(m, p, word, word | CONTENDED) === word) {
      if (slept) suspect(m, word);
      if (slept && m.patience !== Infinity) throw new LockBusy();
      wait(m, p, word | CONTENDED, Math.min(m.patience, m.trust));
      slept = true;
    }
  }
}

/** Asks the holder of a lock that has been taken for long, perhaps by several threads in turn, to check whether it poisoned the lock. */
function suspect(m: SharedMemory, word: number): void {
  const holder = ((word & OWNER) - 1) as Slot;
  // A thread that joins has no slot (joinerName in kernel/registry.ts).
  if (m.trust === Infinity || holder === -1 || holder >= MAX_SLOTS) return;
  ring(m, holder);
  if (holder !== MAIN_SLOT) return;
  // It may listen to no doorbell while it has no pending operation.
  store(m, H_MAIN_SUSPECTED, 1);
  ring(m, SUPERVISOR_SLOT);
}

export function unlock(m: SharedMemory, p: Pointer): void {
  release(m, p);
  leave(m);
}

/** Releases the lock, then rings `slot` unless it is -1. A thread that does not get as far as the ring has not left the section. */
export function unlockAndRing(m: SharedMemory, p: Pointer, slot: Slot): void {
  release(m, p);
  if (slot !== -1) ring(m, slot);
  leave(m);
}

/** As `unlockAndRing`, for several. */
export function unlockAndRingAll(m: SharedMemory, p: Pointer, slots: readonly Slot[]): void {
  release(m, p);
  for (const slot of slots) ring(m, slot);
  leave(m);
}

/** The last intent is carried out. For a section whose rings follow its release. */
export function leave(m: SharedMemory): void {
  m.depth--;
  set(m, m.me + S_INTENTS + m.depth, 0);
}

/** Releases a lock, but stays in the section until `leave`: the thread still owes rings. A full fence. */
export function release(m: SharedMemory, p: Pointer): void {
  const word = exchange(m, p, 0);
  if ((word & CONTENDED) !== 0) notify(m, p, 1);
}

/** Whether the lock at `p` is held by `slot`. */
export function heldBy(m: SharedMemory, p: Pointer, slot: Slot): boolean {
  return (load(m, p) & OWNER) === slot + 1;
}

/** Releases a lock in the name of `slot`, whose owner is dead, if it held the lock; wakes all waiters in any case. */
export function releaseForDead(m: SharedMemory, p: Pointer, slot: Slot): void {
  if (heldBy(m, p, slot)) exchange(m, p, 0);
  notify(m, p, Infinity);
}

/** The intent at index `i` of a slot: the pointer to a lock, or 0. */
export function intentOf(m: SharedMemory, slotPointer: Pointer, i: number): Pointer {
  return get(m, slotPointer + S_INTENTS + i) as Pointer;
}
