/**
 * Semaphores: a number of permits. Y_STATE counts those that are free, a word for each slot (Y_SLOTS) those that it holds. All of it changes
 * under the takers' lock.
 *
 *     acquire:   held + 1 → free - 1                          nothing free: on the list of getters
 *     release:   free + 1, or grant it to the next waiter → held - 1
 *     granted:   held + 1 → off the list of putters
 *
 * A permit is *granted* by putting a waiter on the list of putters. So a newcomer cannot overtake it, and a waiter that gives up or dies has
 * left behind what must be passed on. Invariant: if a permit is free, no interpreter waits.
 *
 * The permits of a bounded semaphore are conserved: free, granted and held ones are as many as at first (Y_INITIAL), at most one more in the
 * middle of an operation, never fewer. So the permits of the dead are what is missing without theirs, whatever instruction they died at. A
 * semaphore without bound counts signals as well: those that any interpreter released and another acquired for good. There a
 * death gives back what the dead held, but never so much that there are more permits than at first.
 */
import { ensureMapped, get, load, set, type SharedMemory } from "../memory/atomics.js";
import { clearBit, countBits, hasBit, setBit } from "../memory/bitset.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import {
  H_SLOTS_USED,
  MAX_SLOTS,
  OK,
  PAGE_WORDS,
  Q_GET_WAITERS,
  Q_GETTERS,
  Q_KIND,
  Q_PUT_WAITERS,
  Q_PUTTERS,
  STATUS_EMPTY,
  STATUS_FULL,
  STATUS_NOT_HELD,
  SYNC_BOUNDED,
  Y_ABANDONED,
  Y_DEPTH,
  Y_INITIAL,
  Y_SLOTS,
  Y_STATE,
} from "../memory/layout.js";
import { unlock, unlockAndRing, unlockAndRingAll } from "../memory/lock.js";
import { lock } from "./fence.js";
import { delist, enlist, isWaiting, nextWaiter } from "./waiters.js";

/** The most permits that a semaphore can have. */
export const MOST_PERMITS = 0x7fffffff;

/** How many permits are free. */
export function freePermits(m: SharedMemory, q: Pointer): number {
  return load(m, q + Y_STATE);
}

/** How many permits the interpreter in `slot` holds. */
export function permitsOf(m: SharedMemory, q: Pointer, slot: Slot): number {
  ensureMapped(m, q + Y_SLOTS + PAGE_WORDS - 1);
  return get(m, q + Y_SLOTS + slot);
}

/** Takes a permit. Returns EMPTY if none is free; with `wait`, this interpreter is then on the list and will be rung. */
export function acquirePermit(m: SharedMemory, q: Pointer, wait: boolean): number {
  lock(m, q);
  let status = OK;
  if (isWaiting(m, q, Q_PUTTERS)) {
    // Without `wait`, it is for one that came earlier.
    if (!wait) status = STATUS_EMPTY;
    else {
      hold(m, q, 1);
      delist(m, q, Q_PUTTERS);
    }
  } else if (get(m, q + Y_STATE) > 0) {
    hold(m, q, 1);
    set(m, q + Y_STATE, get(m, q + Y_STATE) - 1);
  } else {
    status = STATUS_EMPTY;
    if (wait) enlist(m, q, Q_GETTERS);
  }
  unlock(m, q);
  return status;
}

function hold(m: SharedMemory, q: Pointer, by: number): void {
  const held = permitsOf(m, q, m.slot) + by;
  // A signal that is never released again counts, too.
  set(m, q + Y_SLOTS + m.slot, Math.min(held, MOST_PERMITS));
}

/**
 * Releases `count` permits. Returns NOT_HELD if the semaphore is bounded and this interpreter does not hold so many, FULL if there would be more than
 * MOST_PERMITS.
 */
export function releasePermits(m: SharedMemory, q: Pointer, count: number): number {
  lock(m, q);
  const held = permitsOf(m, q, m.slot);
  let status = OK;
  const rung: Slot[] = [];
  if (count > held && get(m, q + Q_KIND) === SYNC_BOUNDED) status = STATUS_NOT_HELD;
  else if (count > MOST_PERMITS - get(m, q + Y_STATE)) status = STATUS_FULL;
  else {
    for (let left = count; left > 0; left--) {
      const next = grant(m, q);
      if (next === -1) {
        set(m, q + Y_STATE, get(m, q + Y_STATE) + left);
        break;
      }
      rung.push(next);
    }
    hold(m, q, -Math.min(count, held));
  }
  unlockAndRingAll(m, q, rung);
  return status;
}

/**
 * Grants the next waiter a permit. Returns its slot, or -1 if none waits. Under the takers' lock. A death in here leaves a waiter that is off
 * the list and was granted nothing; the ring with which `reap` ends has it try again.
 */
function grant(m: SharedMemory, q: Pointer): Slot {
  const next = nextWaiter(m, q, Q_GETTERS);
  if (next !== -1 && setBit(m, q + Q_PUT_WAITERS, next)) set(m, q + Q_PUTTERS, get(m, q + Q_PUTTERS) + 1);
  return next;
}

/** Gives a permit that no interpreter has to the next waiter, or makes it free. Returns the slot to ring, or -1. Under the takers' lock. */
function giveBack(m: SharedMemory, q: Pointer): Slot {
  const next = grant(m, q);
  if (next === -1) set(m, q + Y_STATE, get(m, q + Y_STATE) + 1);
  return next;
}

/** Leaves the list. A permit that was granted to this interpreter, and that it did not take, goes to the next waiter. */
export function stopWaitingForPermit(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  let next = -1 as Slot;
  if (!delist(m, q, Q_GETTERS) && delist(m, q, Q_PUTTERS)) next = giveBack(m, q);
  unlockAndRing(m, q, next);
}

/** The interpreter in `slot` waits no more: takes it off the lists, and passes on what it was granted. Under the takers' lock. */
export function leaveSemaphore(m: SharedMemory, q: Pointer, slot: Slot): void {
  clearBit(m, q + Q_GET_WAITERS, slot);
  if (!clearBit(m, q + Q_PUT_WAITERS, slot)) return;
  const next = giveBack(m, q);
  if (next !== -1) ring(m, next);
}

/** Interpreter `id` in `slot` is dead: gives back the permits that it held. After `leaveSemaphore`, under the takers' lock. */
export function abandonPermits(m: SharedMemory, q: Pointer, slot: Slot, id: InterpreterId): void {
  const held = permitsOf(m, q, slot);
  if (held === 0) return;
  let there = get(m, q + Y_STATE) + countBits(m, q + Q_PUT_WAITERS);
  const end = load(m, H_SLOTS_USED);
  for (let other = 0 as Slot; other < end; other++) if (other !== slot) there += permitsOf(m, q, other);
  let missing = Math.min(held, get(m, q + Y_INITIAL) - there);
  set(m, q + Y_SLOTS + slot, 0);
  if (missing <= 0) return;
  set(m, q + Y_ABANDONED, id + 1);
  set(m, q + Y_DEPTH, get(m, q + Y_DEPTH) + missing);
  for (; missing > 0; missing--) {
    const next = giveBack(m, q);
    if (next !== -1) ring(m, next);
  }
}

/**
 * The id of the interpreter that died with a permit, told to as many next owners as it had permits, one of which is this interpreter; -1 if
 * none did.
 */
export function takeAbandonedPermit(m: SharedMemory, q: Pointer): InterpreterId {
  if (load(m, q + Y_DEPTH) === 0) return -1 as InterpreterId;
  lock(m, q);
  const left = get(m, q + Y_DEPTH);
  const abandoned = left === 0 ? 0 : get(m, q + Y_ABANDONED);
  if (left > 0) set(m, q + Y_DEPTH, left - 1);
  unlock(m, q);
  return (abandoned - 1) as InterpreterId;
}

/** Restores the invariant after a death in the middle of an operation; the counts agree with the bits. Under the takers' lock. */
export function settleSemaphore(m: SharedMemory, q: Pointer): void {
  while (get(m, q + Y_STATE) > 0 && get(m, q + Q_GETTERS) > 0) {
    const next = grant(m, q);
    set(m, q + Y_STATE, get(m, q + Y_STATE) - 1);
    ring(m, next);
  }
}

/**
 * The interpreters that hold a permit of a bounded semaphore, or were granted one, for which others may wait. Empty while a permit is passed on.
 */
export function holdersOf(m: SharedMemory, q: Pointer): Slot[] {
  const holders: Slot[] = [];
  let there = 0;
  const end = Math.min(load(m, H_SLOTS_USED), MAX_SLOTS);
  for (let slot = 0 as Slot; slot < end; slot++) {
    const permits = permitsOf(m, q, slot) + (hasBit(m, q + Q_PUT_WAITERS, slot) ? 1 : 0);
    if (permits === 0) continue;
    holders.push(slot);
    there += permits;
  }
  // Otherwise one was passed on while this looked, and may have been missed.
  return there >= get(m, q + Y_INITIAL) ? holders : [];
}

/** Whether a permit was granted to the interpreter in `slot`, which has not taken it. */
export function isGrantedPermit(m: SharedMemory, q: Pointer, slot: Slot): boolean {
  return hasBit(m, q + Q_PUT_WAITERS, slot);
}
