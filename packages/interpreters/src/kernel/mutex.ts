/**
 * Locks that users hold (`Lock`, `RLock`): one word, Y_STATE, in a page that is otherwise a hidden queue's.
 *
 *     0 ──tryMutex──▶ owner ──another waits──▶ owner | WAITED_FOR ──unlockMutex──▶ next owner | GRANTED ──takes it──▶ next owner
 *     0 ◀────────────unlockMutex──────────┘                          └──stops waiting, dies──▶ the one after, or 0
 *
 * Without waiters, taking and releasing are one compare-and-swap each. A thread that must wait takes the page's takers' lock, sets WAITED_FOR,
 * and puts itself on the list of getters; from then on the word changes under that lock only, but for a new owner that takes what
 * it was granted. A release then hands the lock to the next waiter in turn, so that no newcomer overtakes it.
 *
 * Invariants: if the word is 0, no interpreter is on the list. If one is, WAITED_FOR is set (it may be set without any). An interpreter
 * that is granted the lock is not on the list. Y_DEPTH and Y_ABANDONED belong to the owner.
 *
 * The owner is an interpreter, not a task of it: only that can be seen in a word that outlives its writer. If it dies, the supervisor
 * writes down who it was and hands the lock on (`abandonMutex`). All stores that the dead made are visible to the next owner.
 */
import { cas, get, load, pause, peek, set, type SharedMemory } from "../memory/atomics.js";
import { clearBit } from "../memory/bitset.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import {
  MUTEX_GRANTED,
  MUTEX_OWNER,
  MUTEX_WAITED_FOR,
  OK,
  Q_GET_WAITERS,
  Q_GETTERS,
  STATUS_EMPTY,
  STATUS_NOT_HELD,
  Y_ABANDONED,
  Y_DEPTH,
  Y_STATE,
} from "../memory/layout.js";
import { lock as takeLock, unlock, unlockAndRing } from "../memory/lock.js";
import { isFenced, lock, standStill } from "./fence.js";
import { delist, enlist, nextWaiter } from "./waiters.js";

/** Takes the lock if it is free. Returns OK or EMPTY. */
export function tryMutex(m: SharedMemory, q: Pointer): number {
  if (cas(m, q + Y_STATE, 0, m.slot + 1) !== 0) return STATUS_EMPTY;
  if (isFenced(m)) giveBack(m, q);
  return OK;
}

/** Takes the lock if it is free or was granted to this interpreter. If it returns EMPTY, this interpreter is on the list and will be rung. */
export function lockMutex(m: SharedMemory, q: Pointer): number {
  if (takeGranted(m, q)) {
    if (isFenced(m)) giveBack(m, q);
    return OK;
  }
  if (tryMutex(m, q) === OK) return OK;
  lock(m, q);
  const status = takeOrEnlist(m, q);
  unlock(m, q);
  return status;
}

/**
 * This interpreter is condemned, and has taken the lock since: gives it back, and stands still. It took the lock without the fence's lock, by one
 * compare-and-swap, which is a full fence: so if others were notified before, it finds out here, before its caller believes that it has the lock.
 */
function giveBack(m: SharedMemory, q: Pointer): never {
  const me = m.slot + 1;
  if (cas(m, q + Y_STATE, me, 0) !== me) {
    takeLock(m, q);
    unlockAndRing(m, q, handOn(m, q, load(m, q + Y_STATE)));
  }
  standStill(m);
}

function takeOrEnlist(m: SharedMemory, q: Pointer): number {
  for (;;) {
    // It may have been on the list since an earlier try.
    if (takeGranted(m, q)) return OK;
    const word = load(m, q + Y_STATE);
    if (word === 0) {
      if (cas(m, q + Y_STATE, 0, m.slot + 1) === 0) return OK;
    } else if (
      (word & MUTEX_WAITED_FOR) !== 0 ||
      cas(m, q + Y_STATE, word, word | MUTEX_WAITED_FOR) === word
    ) {
      // An owner that releases it from here on comes for the takers' lock first, which this thread has.
      enlist(m, q, Q_GETTERS);
      return STATUS_EMPTY;
    }
  }
}

function takeGranted(m: SharedMemory, q: Pointer): boolean {
  const granted = (m.slot + 1) | MUTEX_GRANTED;
  for (;;) {
    const word = load(m, q + Y_STATE);
    if ((word & ~MUTEX_WAITED_FOR) !== granted) return false;
    // A thread that begins to wait may be setting WAITED_FOR.
    if (cas(m, q + Y_STATE, word, word & ~MUTEX_GRANTED) === word) return true;
  }
}

/** Whether this interpreter holds the lock. Needs no fence: only this thread makes it the owner, and only this thread ends that. */
export function holdsMutex(m: SharedMemory, q: Pointer): boolean {
  return (peek(m, q + Y_STATE) & (MUTEX_OWNER | MUTEX_GRANTED)) === m.slot + 1;
}

/** Whether any interpreter holds the lock, or was granted it. */
export function isMutexHeld(m: SharedMemory, q: Pointer): boolean {
  return load(m, q + Y_STATE) !== 0;
}

/** Acquires once more a lock that this interpreter may hold. Returns false if it does not. */
export function relockMutex(m: SharedMemory, q: Pointer): boolean {
  if (!holdsMutex(m, q)) return false;
  set(m, q + Y_DEPTH, get(m, q + Y_DEPTH) + 1);
  return true;
}

/** Undoes one `relockMutex`. Returns false if it was not nested: then release the lock. Returns true also if it is not held. */
export function unnestMutex(m: SharedMemory, q: Pointer): boolean {
  const depth = holdsMutex(m, q) ? get(m, q + Y_DEPTH) : 0;
  if (depth === 0) return false;
  set(m, q + Y_DEPTH, depth - 1);
  return true;
}

/** How often this interpreter, the owner, has acquired the lock again; it is 0 from here on. */
export function takeDepth(m: SharedMemory, q: Pointer): number {
  const depth = get(m, q + Y_DEPTH);
  set(m, q + Y_DEPTH, 0);
  return depth;
}

/** The owner has acquired the lock as often again, besides what its tasks did meanwhile. */
export function restoreDepth(m: SharedMemory, q: Pointer, depth: number): void {
  set(m, q + Y_DEPTH, get(m, q + Y_DEPTH) + depth);
}

/** Releases the lock, to the next waiter if any interpreter waits. Returns OK or NOT_HELD. */
export function unlockMutex(m: SharedMemory, q: Pointer): number {
  const me = m.slot + 1;
  // If it is condemned from here on, it may still release what it held rightly, and whose work it has done.
  if (isFenced(m)) standStill(m);
  if (cas(m, q + Y_STATE, me, 0) === me) return OK;
  if (!holdsMutex(m, q)) return STATUS_NOT_HELD;
  lock(m, q);
  unlockAndRing(m, q, handOn(m, q, load(m, q + Y_STATE)));
  return OK;
}

/** The id of the interpreter that died holding the lock, told once to its next owner, which is this one; -1 if none did. */
export function takeAbandoned(m: SharedMemory, q: Pointer): InterpreterId {
  const abandoned = get(m, q + Y_ABANDONED);
  if (abandoned !== 0) set(m, q + Y_ABANDONED, 0);
  return (abandoned - 1) as InterpreterId;
}

/**
 * Gives the lock, whose word is `word` until then, to the next waiter, or frees it. Returns the slot to ring, or -1. Under the takers' lock.
 *
 * A death in here leaves a waiter that is off the list and was granted nothing. The ring with which `reap` ends has it try again.
 */
function handOn(m: SharedMemory, q: Pointer, word: number): Slot {
  const next = nextWaiter(m, q, Q_GETTERS);
  const others = get(m, q + Q_GETTERS) > 0 ? MUTEX_WAITED_FOR : 0;
  // It fails if an interpreter that is being withdrawn has taken it at this moment. Then the ring has the waiter try again.
  cas(m, q + Y_STATE, word, next === -1 ? 0 : (next + 1) | MUTEX_GRANTED | others);
  return next;
}

/** Leaves the list. If the lock was granted to this interpreter, which did not take it, it goes to the next waiter. */
export function stopWaitingForMutex(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  let next = -1 as Slot;
  if (!delist(m, q, Q_GETTERS)) next = passOn(m, q, m.slot);
  unlockAndRing(m, q, next);
}

/** Hands the lock on if it was granted to `slot`, which has not taken it. Returns the slot to ring, or -1. Under the takers' lock. */
function passOn(m: SharedMemory, q: Pointer, slot: Slot): Slot {
  const word = load(m, q + Y_STATE);
  return (word & ~MUTEX_WAITED_FOR) === ((slot + 1) | MUTEX_GRANTED) ? handOn(m, q, word) : (-1 as Slot);
}

/** The interpreter in `slot` waits no more: takes it off the list, and hands on what it was granted. Under the takers' lock. */
export function leaveMutex(m: SharedMemory, q: Pointer, slot: Slot): void {
  clearBit(m, q + Q_GET_WAITERS, slot);
  ringIfAny(m, passOn(m, q, slot));
}

/** Interpreter `id` in `slot` is dead: hands on the lock if it held it, and notes whose it was. After `leaveMutex`, under the takers' lock. */
export function abandonMutex(m: SharedMemory, q: Pointer, slot: Slot, id: InterpreterId): void {
  const word = load(m, q + Y_STATE);
  if ((word & MUTEX_OWNER) !== slot + 1) return;
  set(m, q + Y_DEPTH, 0);
  set(m, q + Y_ABANDONED, id + 1);
  ringIfAny(m, handOn(m, q, word));
}

/** Restores the invariants after a death in the middle of an operation; the counts agree with the bits. Under the takers' lock. */
export function settleMutex(m: SharedMemory, q: Pointer): void {
  while (get(m, q + Q_GETTERS) > 0) {
    const word = load(m, q + Y_STATE);
    if (word === 0) ringIfAny(m, handOn(m, q, 0));
    else if ((word & MUTEX_WAITED_FOR) !== 0) return;
    else cas(m, q + Y_STATE, word, word | MUTEX_WAITED_FOR);
  }
}

function ringIfAny(m: SharedMemory, slot: Slot): void {
  if (slot !== -1) ring(m, slot);
}

/** Whether the lock was granted to `slot`, which has not taken it. */
export function isGrantedMutex(m: SharedMemory, q: Pointer, slot: Slot): boolean {
  return (load(m, q + Y_STATE) & ~MUTEX_WAITED_FOR) === ((slot + 1) | MUTEX_GRANTED);
}

/** How often to look whether the lock is free before this interpreter enlists, and how often to pause between two looks: a microsecond in all. */
const LOOKS = 12;
const APART = 16;

/**
 * Looks for a moment whether the lock becomes free. Most locks are held for less time than it takes to wake a thread. While others wait it
 * becomes free for none but them.
 */
export function lookForMutex(m: SharedMemory, q: Pointer): boolean {
  if (m.spins === 0) return false;
  for (let i = 0; i < LOOKS; i++) {
    for (let j = 0; j < APART; j++) pause(m);
    const word = peek(m, q + Y_STATE);
    if (word === 0) return true;
    if ((word & MUTEX_WAITED_FOR) !== 0) return false;
  }
  return false;
}
