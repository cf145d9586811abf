/**
 * A mutual-exclusion lock that survives its holder.
 *
 * The word is 0 (free) or its owner: slot + 1. Beside it, in the same cache line, the word LOCK_WAITERS says whether a release must wake a thread.
 * The algorithm is a futex mutex (Ulrich Drepper, "Futexes Are Tricky") that wakes one waiter at a time, as Go's sync.Mutex does; the owner and the list of
 * intents are what Linux calls a robust futex (Documentation/locking/robust-futexes.rst).
 *
 *     lock:    word: 0 → me, or poll for ten microseconds, or:      unlock:  word ← 0
 *                LOCK_WAITERS gets SLEEPS                                    LOCK_WAITERS = SLEEPS:
 *                word = 0:  try again                                          LOCK_WAITERS ← COMES, notify one
 *                else:      sleep while LOCK_WAITERS is unchanged
 *
 * Either the waiter sees the lock free after it has set SLEEPS, or the owner sees SLEEPS after its release (Dekker, as in kernel/waiters.ts).
 *
 * While a thread *comes*, because it was woken, no release wakes another one: a wake-up is a system call, and each thread that is awake
 * polls the line away from the owner. A woken thread polls as it did at first. It turns COMES into SLEEPS when it gets the lock, for others may sleep, and
 * when it goes back to sleep. If it was not notified after all (its time was up, or it had not fallen asleep yet), that means one wake-up too many. If no thread was
 * there to be notified, the releaser takes COMES back, and looks again whether one has set SLEEPS meanwhile, counting on it.
 *
 * A thread can be terminated at any call or loop back-edge. So before it tries to take a lock it writes the lock's
 * pointer into its slot (an *intent*), and clears it after the release. When it dies, the supervisor goes through
 * its intents (kernel/reap.ts). If a lock's word names the dead, it repairs what the lock protects, by kind, and releases the
 * lock. In any case it notifies all waiters, because the dead may have been the one that comes, or may have owed a wake-up.
 *
 * A thread can also live on without finishing: an exception unwinds the critical section and *poisons* the lock. The call stack may be
 * exhausted at any call, and `vm` stops code at any loop or call when its time limit passes. The intents say so: `depth` is above 0
 * although the thread is in no operation. Before its next one, the thread has the supervisor repair the lock (thread/poison.ts). A thread that
 * waits for long rings the holder, so that it looks at once.
 *
 * Locks are held for about 100 instructions, never across user code, and taken in the order
 * registry → queue or mailbox → pages.
 */
import {
  acquire,
  and,
  cas,
  exchange,
  get,
  load,
  notify,
  pause,
  set,
  type SharedMemory,
  store,
  wait,
} from "./atomics.js";
import type { Pointer, Slot } from "./brands.js";
import { ring } from "./doorbell.js";
import {
  H_MAIN_SUSPECTED,
  LOCK_WAITERS,
  MAIN_SLOT,
  MAX_SLOTS,
  S_INTENTS,
  SUPERVISOR_SLOT,
} from "./layout.js";

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
 * Where many threads wait, their polls alone keep the line on the move; hence the doubling, and no short pauses while threads sleep here. (T. E. Anderson, "The
 * performance of spin lock alternatives for shared-memory multiprocessors", 1990: exponential backoff.)
 */
const APART = 32;
const MOST_APART = 256;

/** The values of LOCK_WAITERS: a thread may sleep there, and has no one who comes before it; one was woken and will look at the lock; or both. */
const SLEEPS = 1;
const COMES = 2;

/** Takes the lock at `p`, waiting for it. A thread whose patience is finite sleeps once at most; then LockBusy is thrown. */
export function lock(m: SharedMemory, p: Pointer): void {
  set(m, m.me + S_INTENTS + m.depth, p);
  m.depth++;
  // The rest is a function of its own, so that V8 puts this one in the place of its calls.
  if (cas(m, p, 0, m.slot + 1) !== 0) waitForLock(m, p, m.slot + 1);
}

function waitForLock(m: SharedMemory, p: Pointer, me: number): void {
  for (let woken = false; ;) {
    if (pollLock(m, p, me)) {
      if (woken) store(m, p + LOCK_WAITERS, SLEEPS);
      return;
    }
    const waiters = announceSleep(m, p, woken);
    const owner = load(m, p);
    if (owner === 0) {
      if (cas(m, p, 0, me) === 0) return;
      continue;
    }
    if (woken) suspect(m, owner);
    if (woken && m.patience !== Infinity) throw new LockBusy();
    wait(m, p + LOCK_WAITERS, waiters, Math.min(m.patience, m.trust));
    woken = true;
  }
}

/** Polls the lock for ten microseconds, and returns whether this thread got it. */
function pollLock(m: SharedMemory, p: Pointer, me: number): boolean {
  for (let left = m.spins, apart = APART; left > 0; apart = Math.min(apart * 2, MOST_APART)) {
    if (acquire(m, p + LOCK_WAITERS) !== 0) apart = MOST_APART;
    for (let i = 0; i < apart; i++) pause(m);
    if (load(m, p) === 0 && cas(m, p, 0, me) === 0) return true;
    left -= apart;
  }
  return false;
}

/** Sets SLEEPS, and clears COMES if this thread was woken: it no longer comes. Returns LOCK_WAITERS as it is then. */
function announceSleep(m: SharedMemory, p: Pointer, woken: boolean): number {
  for (;;) {
    const waiters = load(m, p + LOCK_WAITERS);
    const next = woken ? SLEEPS : waiters | SLEEPS;
    if (next === waiters || cas(m, p + LOCK_WAITERS, waiters, next) === waiters) return next;
  }
}

/** Asks the holder of a lock that has been taken for long, perhaps by several threads in turn, to check whether it poisoned the lock. */
function suspect(m: SharedMemory, owner: number): void {
  const holder = (owner - 1) as Slot;
  // A thread that joins has no slot (joinerName in kernel/registry.ts).
  if (m.trust === Infinity || holder >= MAX_SLOTS) return;
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
  exchange(m, p, 0);
  if (acquire(m, p + LOCK_WAITERS) === SLEEPS) wakeOne(m, p);
}

function wakeOne(m: SharedMemory, p: Pointer): void {
  while (cas(m, p + LOCK_WAITERS, SLEEPS, COMES) === SLEEPS) {
    if (notify(m, p + LOCK_WAITERS, 1) > 0) return;
    and(m, p + LOCK_WAITERS, ~COMES);
  }
}

/** Whether the lock at `p` is held by `slot`. */
export function heldBy(m: SharedMemory, p: Pointer, slot: Slot): boolean {
  return load(m, p) === slot + 1;
}

/** Releases a lock in the name of `slot`, whose owner is dead, if it held the lock; wakes all waiters in any case. */
export function releaseForDead(m: SharedMemory, p: Pointer, slot: Slot): void {
  if (heldBy(m, p, slot)) exchange(m, p, 0);
  // The dead do not come. A waiter that is only falling asleep finds this word changed, and looks at the lock again.
  store(m, p + LOCK_WAITERS, 0);
  notify(m, p + LOCK_WAITERS, Infinity);
}

/** The intent at index `i` of a slot: the pointer to a lock, or 0. */
export function intentOf(m: SharedMemory, slotPointer: Pointer, i: number): Pointer {
  return get(m, slotPointer + S_INTENTS + i) as Pointer;
}
