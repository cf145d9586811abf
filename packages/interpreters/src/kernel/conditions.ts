/**
 * Conditions: interpreters that wait to be notified, each for several of its tasks.
 *
 * A word for each slot counts its waits and the notifications that were granted to it and not taken: `{ granted: 16 bits, waits: 16 bits }`.
 * One store turns a wait into a grant, so a death in the middle of `notify` loses none and makes none up. The list of putters holds the
 * slots that have waits, from which `notify` chooses in turn. The list of getters holds those that have not been rung since they last looked.
 * All of it is under the takers' lock. The lock that belongs to the condition is another object (mutex.ts), which a
 * record in the condition's channel keeps alive.
 *
 *     wait:     holding the lock: waits + 1 → release the lock → granted? take it → acquire the lock again
 *     notify:   holding the lock: for one slot after the other: waits - 1, granted + 1, off the list of getters → ring
 *
 * A waiter that gives up takes its wait back, or passes on the notification that came too late for it. So does the supervisor for the dead.
 */
import { ensureMapped, get, load, set, type SharedMemory } from "../memory/atomics.js";
import { clearBit, nextBit, setBit } from "../memory/bitset.js";
import type { InterpreterId, Pointer, QueueId, Slot } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import {
  H_SLOTS_USED,
  MAX_SLOTS,
  OK,
  PAGE_WORDS,
  Q_GET_CURSOR,
  Q_GET_WAITERS,
  Q_GETTERS,
  Q_HOLDERS,
  Q_PUT_WAITERS,
  Q_PUTTERS,
  RECORD_UNBOUND_SHIFT,
  REF_SYNC,
  STATUS_EMPTY,
  STATUS_FULL,
  UNBOUND_ITEM_KEEP,
  Y_LOCK,
  Y_LOCK_ID,
  Y_SLOTS,
} from "../memory/layout.js";
import { unlock, unlockAndRingAll } from "../memory/lock.js";
import { lock } from "./fence.js";
import type { OutgoingRecord } from "./outgoing.js";
import { put } from "./queues.js";
import { delist, enlist, recountWaiters } from "./waiters.js";

const WAITS = 0xffff;
const ONE_GRANT = 0x10000;
/** The most waits of one interpreter, and so the most notifications that it can have been granted. */
const MOST_WAITS = 0x7fff;

/**
 * Has a condition that this thread has just made keep its lock alive, by `record`, which is empty. Returns a status. The creator holds both, so
 * the lock lives until then.
 */
export function attachLock(m: SharedMemory, q: Pointer, record: OutgoingRecord): number {
  record.references = [REF_SYNC, get(m, q + Y_LOCK), get(m, q + Y_LOCK_ID)];
  record.flags = UNBOUND_ITEM_KEEP << RECORD_UNBOUND_SHIFT;
  return put(m, q, false, record);
}

/** Makes this interpreter a holder of the lock that belongs to the condition, which it holds. Returns the pointer to the lock. */
export function holdLockOf(m: SharedMemory, q: Pointer): Pointer {
  const mutex = get(m, q + Y_LOCK) as Pointer;
  ensureMapped(m, mutex + PAGE_WORDS - 1);
  setBit(m, mutex + Q_HOLDERS, m.slot);
  return mutex;
}

/** The id of that lock. */
export function lockIdOf(m: SharedMemory, q: Pointer): QueueId {
  return get(m, q + Y_LOCK_ID) as QueueId;
}

function wordOf(m: SharedMemory, q: Pointer, slot: Slot): number {
  ensureMapped(m, q + Y_SLOTS + PAGE_WORDS - 1);
  return get(m, q + Y_SLOTS + slot);
}

/** This interpreter, which holds the lock, is about to release it and wait. Returns FULL if too many of its tasks wait. */
export function beginWait(m: SharedMemory, q: Pointer): number {
  lock(m, q);
  const word = wordOf(m, q, m.slot);
  const status = (word & WAITS) + (word >>> 16) < MOST_WAITS ? OK : STATUS_FULL;
  if (status === OK) {
    enlist(m, q, Q_PUTTERS);
    set(m, q + Y_SLOTS + m.slot, word + 1);
  }
  unlock(m, q);
  return status;
}

/** Takes a notification that was granted to this interpreter. If it returns EMPTY, this interpreter is on the list of getters and will be rung. */
export function takeNotification(m: SharedMemory, q: Pointer): number {
  lock(m, q);
  const word = wordOf(m, q, m.slot);
  const status = word >>> 16 > 0 ? OK : STATUS_EMPTY;
  if (status === OK) set(m, q + Y_SLOTS + m.slot, word - ONE_GRANT);
  else enlist(m, q, Q_GETTERS);
  unlock(m, q);
  return status;
}

/** A wait of this interpreter ends without a notification. If one was granted for it, it goes to another waiter. */
export function cancelWait(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  const rung: Slot[] = [];
  const word = wordOf(m, q, m.slot);
  if ((word & WAITS) > 0) {
    set(m, q + Y_SLOTS + m.slot, word - 1);
    if ((word & WAITS) === 1) delist(m, q, Q_PUTTERS);
  } else if (word >>> 16 > 0) {
    set(m, q + Y_SLOTS + m.slot, word - ONE_GRANT);
    grant(m, q, 1, rung);
  }
  unlockAndRingAll(m, q, rung);
}

/** Notifies up to `count` waits, in turn among interpreters. The caller holds the lock that belongs to the condition. */
export function notifyWaits(m: SharedMemory, q: Pointer, count: number): void {
  lock(m, q);
  const rung: Slot[] = [];
  grant(m, q, count, rung);
  unlockAndRingAll(m, q, rung);
}

/** Turns up to `count` waits into grants, and adds the slots to ring to `rung`. Under the takers' lock. */
function grant(m: SharedMemory, q: Pointer, count: number, rung: Slot[]): void {
  for (let left = count; left > 0;) {
    const slot = nextBit(m, q + Q_PUT_WAITERS, get(m, q + Q_GET_CURSOR));
    if (slot === -1) return;
    const word = wordOf(m, q, slot);
    if ((word & WAITS) > 0) {
      set(m, q + Y_SLOTS + slot, word - 1 + ONE_GRANT);
      left--;
      if (clearBit(m, q + Q_GET_WAITERS, slot)) set(m, q + Q_GETTERS, get(m, q + Q_GETTERS) - 1);
      if (!rung.includes(slot)) rung.push(slot);
    }
    if ((word & WAITS) <= 1 && clearBit(m, q + Q_PUT_WAITERS, slot))
      set(m, q + Q_PUTTERS, get(m, q + Q_PUTTERS) - 1);
    set(m, q + Q_GET_CURSOR, (slot + 1) & (MAX_SLOTS - 1));
  }
}

/** Leaves the list of getters. The waits were taken back one by one. */
export function stopWaitingForNotification(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  delist(m, q, Q_GETTERS);
  unlock(m, q);
}

/** The interpreter in `slot` ends: it waits no more, and what it was granted goes to others. Under the takers' lock. */
export function leaveCondition(m: SharedMemory, q: Pointer, slot: Slot): void {
  clearBit(m, q + Q_GET_WAITERS, slot);
  clearBit(m, q + Q_PUT_WAITERS, slot);
  recountWaiters(m, q, Q_PUTTERS);
  recountWaiters(m, q, Q_GETTERS);
  const granted = wordOf(m, q, slot) >>> 16;
  set(m, q + Y_SLOTS + slot, 0);
  const rung: Slot[] = [];
  grant(m, q, granted, rung);
  for (const each of rung) ring(m, each);
}

/** Rings those that were granted something by one that died before it took them off the list. Under the takers' lock. */
export function settleCondition(m: SharedMemory, q: Pointer): void {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    if (wordOf(m, q, slot) >>> 16 === 0) continue;
    clearBit(m, q + Q_GET_WAITERS, slot);
    ring(m, slot);
  }
  recountWaiters(m, q, Q_GETTERS);
}

/** The sender of the record that keeps the lock alive: none, so that no death removes it. */
export const NO_SENDER = -3 as InterpreterId;
