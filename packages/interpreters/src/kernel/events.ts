/**
 * Events: a flag that any interpreter sets and clears, and that any number of them waits for.
 *
 * Y_STATE holds the flag and how often it was set. A waiter remembers the word that it saw when it came: it may go on as soon as the word is
 * another one, also if the flag was cleared again before the waiter looked. All changes and the list of waiters are under the takers' lock; only
 * the first look needs no lock.
 */
import { get, load, type SharedMemory, store } from "../memory/atomics.js";
import { clearBit } from "../memory/bitset.js";
import type { Pointer, Slot } from "../memory/brands.js";
import { OK, Q_GET_WAITERS, Q_GETTERS, STATUS_EMPTY, Y_STATE } from "../memory/layout.js";
import { unlock } from "../memory/lock.js";
import { lock } from "./fence.js";
import { delist, enlist, ringWaiters } from "./waiters.js";

const FLAG = 1;
const ONE_SET = 2;

/** The event's word, which a waiter remembers. */
export function eventWord(m: SharedMemory, q: Pointer): number {
  return load(m, q + Y_STATE);
}

/** Whether the flag is set in this word. */
export function isSetIn(word: number): boolean {
  return (word & FLAG) !== 0;
}

/** Sets the flag, and rings all that wait. */
export function setEvent(m: SharedMemory, q: Pointer): void {
  if (isSetIn(load(m, q + Y_STATE))) return;
  lock(m, q);
  const word = load(m, q + Y_STATE);
  if (!isSetIn(word)) {
    store(m, q + Y_STATE, (word + ONE_SET) | FLAG);
    ringWaiters(m, q, Q_GETTERS);
  }
  unlock(m, q);
}

/** Clears the flag. Those that waited when it was set go on all the same. */
export function clearEvent(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  store(m, q + Y_STATE, load(m, q + Y_STATE) & ~FLAG);
  unlock(m, q);
}

/**
 * Returns OK if the event was set since its word was `seen`, in which the flag was not set. If it returns EMPTY, this interpreter is on the
 * list and will be rung.
 */
export function awaitEvent(m: SharedMemory, q: Pointer, seen: number): number {
  if (load(m, q + Y_STATE) !== seen) return OK;
  lock(m, q);
  const status = load(m, q + Y_STATE) === seen ? STATUS_EMPTY : OK;
  if (status === STATUS_EMPTY) enlist(m, q, Q_GETTERS);
  unlock(m, q);
  return status;
}

/** Leaves the list. An event rings all that wait, so nothing is passed on. */
export function stopWaitingForEvent(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  delist(m, q, Q_GETTERS);
  unlock(m, q);
}

/** The interpreter in `slot` waits no more. Under the takers' lock. */
export function leaveEvent(m: SharedMemory, q: Pointer, slot: Slot): void {
  clearBit(m, q + Q_GET_WAITERS, slot);
}

/** Finishes what a setter left that died: its next step would have been to ring all. Under the takers' lock. */
export function settleEvent(m: SharedMemory, q: Pointer): void {
  if (get(m, q + Q_GETTERS) > 0 && isSetIn(load(m, q + Y_STATE))) ringWaiters(m, q, Q_GETTERS);
}
