/**
 * The interpreters that wait for a queue: to get (Q_GETTERS) or to put (Q_PUTTERS). Each list is a bit set over the slots, a count of
 * its bits, and a cursor, so that every waiter has its turn.
 *
 *     wait:   seen = doorbell → lock: nothing to take; set own bit → unlock → park until the doorbell moves from `seen`
 *     wake:   lock: publish; clear one bit → unlock → ring that slot
 *
 * A waiter sets its bit under the lock that showed it an empty (or full) queue, so either the putter sees the bit or the waiter sees
 * the item. A waiter that was rung but does not take the item (it timed out, or was aborted) passes the ring on (`stopWaiting`). When
 * an interpreter dies, every waiter that could go on is rung, because the dead may have been the one that was (reap.ts).
 *
 * All waiting threads of control in one interpreter share its bit; they are served in order there (queue/wait-queue.ts).
 */
import { get, set, type SharedMemory } from "../memory/atomics.js";
import { clearBit, countBits, hasBit, nextBit, setBit } from "../memory/bitset.js";
import type { Pointer, Slot } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import {
  C_ID,
  MAX_SLOTS,
  OK,
  Q_GET_CURSOR,
  Q_GET_WAITERS,
  Q_GETTERS,
  Q_PUT_CURSOR,
  Q_PUT_WAITERS,
  Q_PUTTERS,
} from "../memory/layout.js";
import { lock, unlockAndRing } from "../memory/lock.js";
import { putStatus, sizeOf } from "./queue-state.js";

/** One of a queue's two lists, by the word that counts it. */
type WaiterList = typeof Q_GETTERS | typeof Q_PUTTERS;

function bitsOf(list: WaiterList): number {
  return list === Q_GETTERS ? Q_GET_WAITERS : Q_PUT_WAITERS;
}

/** Puts this interpreter on the list. Under the queue's lock. */
export function enlist(m: SharedMemory, q: Pointer, list: WaiterList): void {
  if (setBit(m, q + bitsOf(list), m.slot)) set(m, q + list, get(m, q + list) + 1);
}

/** Takes this interpreter off the list. Returns false if it was rung. Under the queue's lock. */
export function delist(m: SharedMemory, q: Pointer, list: WaiterList): boolean {
  if (!clearBit(m, q + bitsOf(list), m.slot)) return false;
  set(m, q + list, get(m, q + list) - 1);
  return true;
}

/** Whether this interpreter is still on the list, and so was not rung for this queue since it enlisted. */
export function isWaiting(m: SharedMemory, q: Pointer, list: WaiterList): boolean {
  return hasBit(m, q + bitsOf(list), m.slot);
}

/** Leaves the list. If this interpreter was rung but did not make use of it, the ring goes to the next waiter. */
export function stopWaiting(m: SharedMemory, q: Pointer, list: WaiterList): void {
  lock(m, q);
  let waiter = -1 as Slot;
  if (!delist(m, q, list)) {
    const useful = list === Q_GETTERS ? sizeOf(m, q) > 0 : putStatus(m, q) === OK;
    if (useful) waiter = nextWaiter(m, q, list);
  }
  unlockAndRing(m, q, waiter);
}

/** Takes the next waiter off the list and returns its slot, or -1 if the list is empty. The caller rings it, after the lock. */
export function nextWaiter(m: SharedMemory, q: Pointer, list: WaiterList): Slot {
  if (get(m, q + list) === 0) return -1 as Slot;
  const cursor = list === Q_GETTERS ? Q_GET_CURSOR : Q_PUT_CURSOR;
  const slot = nextBit(m, q + bitsOf(list), get(m, q + cursor));
  if (slot === -1) return -1 as Slot;
  clearBit(m, q + bitsOf(list), slot);
  set(m, q + list, get(m, q + list) - 1);
  // A pool's workers are interchangeable, but the one that had the last task may still be awake, and has the pool in its caches.
  const next = list === Q_GETTERS && get(m, q + C_ID) < -1 ? slot : slot + 1;
  set(m, q + cursor, next & (MAX_SLOTS - 1));
  return slot;
}

/** Rings one waiting getter, if there is any: it has something to take, though not from this queue. */
export function wakeGetter(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  const waiter = nextWaiter(m, q, Q_GETTERS);
  unlockAndRing(m, q, waiter);
}

/** Empties both lists and rings every waiter. Under the queue's lock. */
export function ringAllWaiters(m: SharedMemory, q: Pointer): void {
  ringWaiters(m, q, Q_GETTERS);
  ringWaiters(m, q, Q_PUTTERS);
}

/** Empties the list and rings every waiter on it. Under the queue's lock. */
export function ringWaiters(m: SharedMemory, q: Pointer, list: WaiterList): void {
  for (let slot = nextWaiter(m, q, list); slot !== -1; slot = nextWaiter(m, q, list)) ring(m, slot);
}

/** Derives the counts from the bits again. Under the queue's lock. */
export function recountWaiters(m: SharedMemory, q: Pointer): void {
  set(m, q + Q_GETTERS, countBits(m, q + Q_GET_WAITERS));
  set(m, q + Q_PUTTERS, countBits(m, q + Q_PUT_WAITERS));
}
