/**
 * The interpreters that wait for a queue: to get (Q_GETTERS) or to put (Q_PUTTERS). Each list is a bit set over the slots, a count of
 * its bits, and a cursor, so that every waiter has its turn.
 *
 *     get:   seen = doorbell → takers' lock: nothing to take; set own bit; nothing yet? → unlock → park until the doorbell moves from `seen`
 *     put:   putters' lock: publish → unlock → any bit? → takers' lock: clear one → unlock → ring that slot
 *
 * The list of getters is under the takers' lock, that of putters under the putters'. Each side changes the queue, or its list, and then looks at
 * what the other side changes; both orders are fenced. So either the putter sees the bit or the waiter sees the item (Dekker, in Dijkstra,
 * "Cooperating sequential processes", 1965). A waiter that was rung but does not take the item (it timed out, or was aborted) passes the ring on (`stopWaiting`). When
 * an interpreter dies, every waiter that could go on is rung, because the dead may have been the one that was (reap.ts).
 *
 * Of a pool's workers not all that wait are rung, and not all may spin: nextGetter, and "Lanes: who is woken" in README.md.
 *
 * All waiting threads of control in one interpreter share its bit; they are served in order there (queue/wait-queue.ts).
 */
import { acquire, cas, get, peek, set, type SharedMemory, store } from "../memory/atomics.js";
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
  Q_KIND,
  Q_PUT_CURSOR,
  Q_PUT_WAITERS,
  Q_PUTTERS,
  Q_SPINNERS,
  Q_WOKEN,
  SPINNERS,
} from "../memory/layout.js";
import { unlockAndRing, unlockAndRingAll } from "../memory/lock.js";
import { putLockOf } from "./channel-locks.js";
import { isFenced, lock, standStill } from "./fence.js";
import { putStatus, sizeOf } from "./queue-state.js";

/** One of a queue's two lists, by the word that counts it. */
type WaiterList = typeof Q_GETTERS | typeof Q_PUTTERS;

function bitsOf(list: WaiterList): number {
  return list === Q_GETTERS ? Q_GET_WAITERS : Q_PUT_WAITERS;
}

/** The lock of a list: getters are the takers', putters the putters'. */
function lockOf(q: Pointer, list: WaiterList): Pointer {
  return list === Q_GETTERS ? q : putLockOf(q);
}

/**
 * Puts this interpreter on the list. Afterwards the caller must look once more whether it can go on: the other side changes the queue
 * first and then looks at the list, without its lock. Under the list's lock.
 */
export function enlist(m: SharedMemory, q: Pointer, list: WaiterList): void {
  if (setBit(m, q + bitsOf(list), m.slot)) store(m, q + list, get(m, q + list) + 1);
}

/** Takes this interpreter off the list. Returns false if it was rung. Under the list's lock. */
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
  const p = lockOf(q, list);
  lock(m, p);
  let waiter = -1 as Slot;
  if (!delist(m, q, list)) {
    const useful = list === Q_GETTERS ? sizeOf(m, q) > 0 : putStatus(m, q) === OK;
    if (useful) waiter = nextWaiter(m, q, list);
  }
  unlockAndRing(m, p, waiter);
}

/** Takes the next waiter off the list and returns its slot, or -1 if the list is empty. The caller rings it, after the lock of the list. */
export function nextWaiter(m: SharedMemory, q: Pointer, list: WaiterList): Slot {
  if (get(m, q + list) === 0) return -1 as Slot;
  const cursor = list === Q_GETTERS ? Q_GET_CURSOR : Q_PUT_CURSOR;
  const slot = nextBit(m, q + bitsOf(list), get(m, q + cursor));
  if (slot === -1) return -1 as Slot;
  clearBit(m, q + bitsOf(list), slot);
  set(m, q + list, get(m, q + list) - 1);
  // A pool's workers are interchangeable, and the one that had the last task has the pool in its caches.
  const next = list === Q_GETTERS && isLane(m, q) ? slot : slot + 1;
  set(m, q + cursor, next & (MAX_SLOTS - 1));
  return slot;
}

/**
 * The getter to ring for an item, or -1 if none waits. Of a pool's workers none is rung if one comes already (`comes`). Under the takers' lock.
 */
export function nextGetter(m: SharedMemory, q: Pointer, each: boolean): Slot {
  if (!isLane(m, q)) return nextWaiter(m, q, Q_GETTERS);
  if (!each && comes(m, q, false)) return -1 as Slot;
  const slot = nextWaiter(m, q, Q_GETTERS);
  if (slot !== -1 && get(m, q + Q_WOKEN) === 0) set(m, q + Q_WOKEN, slot + 1);
  return slot;
}

/**
 * Whether a worker that waits for nothing else will look at a pool's lanes from now on: one that spins, or the one that was woken last. It must wake
 * another one if it takes an item and leaves some. The caller has put an item or seen one, and then passed a fence.
 *
 * With `each`, the item must have a worker of its own: one that spins loses its lookout, so the next item does not count on it.
 */
function comes(m: SharedMemory, q: Pointer, each: boolean): boolean {
  for (let lookout = q + Q_SPINNERS; lookout < q + Q_SPINNERS + SPINNERS; lookout++) {
    const name = acquire(m, lookout);
    if (name !== 0 && (!each || cas(m, lookout, name, 0) === name)) return true;
  }
  return !each && acquire(m, q + Q_WOKEN) !== 0;
}

/** Whether this is a queue of a pool's tasks. (Placeholders of buffers have such ids too, but no waiters.) */
function isLane(m: SharedMemory, q: Pointer): boolean {
  return get(m, q + C_ID) < -1 && get(m, q + Q_KIND) === 0;
}

/** Must be called when this worker looks at the lanes. If Q_WOKEN names it, the next item may wake another. Under the takers' lock. */
export function arrive(m: SharedMemory, q: Pointer): void {
  if (get(m, q + Q_WOKEN) === m.slot + 1) set(m, q + Q_WOKEN, 0);
}

/**
 * Takes a lookout. Returns its index, or -1 if there are as many as may spin. A fence: a thread that puts an item afterwards
 * finds the name.
 */
export function beginSpinning(m: SharedMemory, q: Pointer): number {
  for (let i = 0; i < SPINNERS; i++) {
    if (peek(m, q + Q_SPINNERS + i) !== 0) continue;
    if (cas(m, q + Q_SPINNERS + i, 0, m.slot + 1) !== 0) continue;
    if (!isFenced(m)) return i;
    // A thread that saw the name meanwhile has woken no other worker. The ring with which this thread is reaped, soon, makes up for that.
    endSpinning(m, q, i);
    standStill(m);
  }
  return -1;
}

/** Leaves the lookout, unless it was taken away. A fence: what this worker reads of the lanes afterwards includes all that was put on its account. */
export function endSpinning(m: SharedMemory, q: Pointer, lookout: number): void {
  cas(m, q + Q_SPINNERS + lookout, m.slot + 1, 0);
}

/** The worker in slot `dead` is neither on its way nor does it spin. Under the takers' lock. */
export function forgetWorker(m: SharedMemory, q: Pointer, dead: Slot): void {
  if (get(m, q + Q_WOKEN) === dead + 1) set(m, q + Q_WOKEN, 0);
  for (let i = 0; i < SPINNERS; i++) cas(m, q + Q_SPINNERS + i, dead + 1, 0);
}

/**
 * Rings a waiting getter for an item (`nextGetter`), which lies in this queue or in another lane of its pool. The caller has published the item
 * and released the putters' lock, which is a fence: either it sees the getter on the list, or the getter sees the item.
 */
export function wakeGetter(m: SharedMemory, q: Pointer, each = true): void {
  // The rest is a function of its own, so that this one stays small enough for V8 to put it in the place of its calls. As in `wakeWaiters`.
  if (acquire(m, q + Q_GETTERS) !== 0) wakeOneGetter(m, q, each);
}

function wakeOneGetter(m: SharedMemory, q: Pointer, each: boolean): void {
  if (isLane(m, q) && comes(m, q, each)) return;
  lock(m, q);
  const waiter = nextGetter(m, q, each);
  unlockAndRing(m, q, waiter);
}

/** Rings up to `count` waiters of the list, as `wakeGetter` does: as many as the caller made items, or room, for. */
export function wakeWaiters(m: SharedMemory, q: Pointer, list: WaiterList, count: number): void {
  if (acquire(m, q + list) !== 0) wakeUpTo(m, q, list, count);
}

function wakeUpTo(m: SharedMemory, q: Pointer, list: WaiterList, count: number): void {
  const p = lockOf(q, list);
  lock(m, p);
  const waiters: Slot[] = [];
  for (let i = 0; i < count; i++) {
    const waiter = nextWaiter(m, q, list);
    if (waiter === -1) break;
    waiters.push(waiter);
  }
  unlockAndRingAll(m, p, waiters);
}

/** Empties both lists and rings every waiter. Under both locks. */
export function ringAllWaiters(m: SharedMemory, q: Pointer): void {
  ringWaiters(m, q, Q_GETTERS);
  ringWaiters(m, q, Q_PUTTERS);
}

/** Empties the list and rings every waiter on it. Under the list's lock. */
export function ringWaiters(m: SharedMemory, q: Pointer, list: WaiterList): void {
  for (let slot = nextWaiter(m, q, list); slot !== -1; slot = nextWaiter(m, q, list)) ring(m, slot);
}

/** Derives the count from the bits again. Under the list's lock. */
export function recountWaiters(m: SharedMemory, q: Pointer, list: WaiterList): void {
  store(m, q + list, countBits(m, q + bitsOf(list)));
}
