/**
 * Synchronization objects: locks, semaphores, events. Each is a hidden queue's page without records (`layout.ts`), so that its handles,
 * its references in records, its lifetime and its list of waiters are a queue's. This file makes them, and gives each kind its turn when an
 * interpreter leaves the list of waiters, dies, or has died in the middle of an operation.
 */
import { get, load, set, type SharedMemory } from "../memory/atomics.js";
import { clearBit } from "../memory/bitset.js";
import type { InterpreterId, Owner, Pointer, QueueId, Slot } from "../memory/brands.js";
import {
  C_ID,
  C_KIND,
  C_PUT_KIND,
  LOCK_PUTTERS,
  LOCK_QUEUE,
  PAGE_WORDS,
  Q_GET_WAITERS,
  Q_GETTERS,
  Q_KIND,
  Q_PUTTERS,
  slotPointer,
  STATE_LEAVING,
  S_STATE,
  SYNC_BARRIER,
  SYNC_BOUNDED,
  SYNC_CONDITION,
  SYNC_EVENT,
  SYNC_LOCK,
  SYNC_RLOCK,
  SYNC_SEMAPHORE,
  Y_INITIAL,
  Y_LOCK,
  Y_LOCK_ID,
  Y_SEGMENT,
  Y_STATE,
} from "../memory/layout.js";
import { allocatePages } from "../memory/page-allocator.js";
import { abandonBarrier, leaveBarrier, settleBarrier, stopWaitingForRound } from "./barriers.js";
import { leaveCondition, settleCondition, stopWaitingForNotification } from "./conditions.js";
import { leaveEvent, settleEvent, stopWaitingForEvent } from "./events.js";
import { isExecuting } from "./executions.js";
import { abandonMutex, leaveMutex, settleMutex, stopWaitingForMutex } from "./mutex.js";
import { publishQueue } from "./queue-lifetime.js";
import { abandonPermits, leaveSemaphore, settleSemaphore, stopWaitingForPermit } from "./semaphores.js";
import { recountWaiters } from "./waiters.js";

/** How many pages an object has, by kind. */
const PAGES: Readonly<Record<number, number>> = {
  [SYNC_SEMAPHORE]: 2,
  [SYNC_BOUNDED]: 2,
  [SYNC_CONDITION]: 2,
  [SYNC_BARRIER]: 3,
};

/**
 * Makes an object of a SYNC_… kind, which this interpreter holds. `state` and `initial` are its first Y_STATE and Y_INITIAL, or the pointer and
 * id of a condition's lock. Returns its pointer, or 0 if memory is exhausted.
 */
export function createSync(m: SharedMemory, kind: number, state: number, initial: number): Pointer {
  const pages = PAGES[kind] ?? 1;
  const q = allocatePages(m, pages, (m.slot + 1) as Owner);
  if (q === 0) return 0;
  for (let i = 0; i < pages * PAGE_WORDS; i++) set(m, q + i, 0);
  set(m, q + C_KIND, LOCK_QUEUE);
  set(m, q + C_PUT_KIND, LOCK_PUTTERS);
  set(m, q + Q_KIND, kind);
  const condition = kind === SYNC_CONDITION;
  set(m, q + (condition ? Y_LOCK : Y_STATE), state);
  set(m, q + (condition ? Y_LOCK_ID : Y_INITIAL), initial);
  publishQueue(m, q, 0, true, condition ? ((q + Y_SEGMENT) as Pointer) : 0);
  return q;
}

/** The object's id, below -1, as that of any hidden queue. */
export function syncIdOf(m: SharedMemory, q: Pointer): QueueId {
  return get(m, q + C_ID) as QueueId;
}

/** The SYNC_… kind of the object, or 0 for a queue. */
export function syncKindOf(m: SharedMemory, q: Pointer): number {
  return get(m, q + Q_KIND);
}

/** This interpreter leaves the list of waiters, and passes on what it was granted and did not take. */
export function stopWaitingForSync(m: SharedMemory, q: Pointer): void {
  switch (get(m, q + Q_KIND)) {
    case SYNC_LOCK:
    case SYNC_RLOCK:
      stopWaitingForMutex(m, q);
      break;
    case SYNC_EVENT:
      stopWaitingForEvent(m, q);
      break;
    case SYNC_CONDITION:
      stopWaitingForNotification(m, q);
      break;
    case SYNC_BARRIER:
      stopWaitingForRound(m, q);
      break;
    default:
      stopWaitingForPermit(m, q);
  }
}

/**
 * The interpreter in `slot` is taken off the list of waiters, and passes on what it was granted; waits that are under way enlist it again. Under
 * both locks of the page.
 */
export function leaveSync(m: SharedMemory, q: Pointer, slot: Slot): void {
  switch (get(m, q + Q_KIND)) {
    case SYNC_LOCK:
    case SYNC_RLOCK:
      leaveMutex(m, q, slot);
      break;
    case SYNC_EVENT:
      leaveEvent(m, q, slot);
      break;
    case SYNC_CONDITION:
      // One that lives, and was only unwound, has its waits still.
      if (load(m, slotPointer(slot) + S_STATE) === STATE_LEAVING) leaveCondition(m, q, slot);
      else clearBit(m, q + Q_GET_WAITERS, slot);
      break;
    case SYNC_BARRIER:
      leaveBarrier(m, q, slot);
      break;
    default:
      leaveSemaphore(m, q, slot);
  }
  settleSync(m, q);
}

/** Interpreter `id` in `slot` is dead: it hands on what it held. After `leaveSync`, under both locks of the page. */
export function abandonSync(m: SharedMemory, q: Pointer, slot: Slot, id: InterpreterId): void {
  switch (get(m, q + Q_KIND)) {
    case SYNC_LOCK:
    case SYNC_RLOCK:
      abandonMutex(m, q, slot, id);
      break;
    case SYNC_EVENT:
      break;
    case SYNC_CONDITION:
      leaveCondition(m, q, slot);
      break;
    case SYNC_BARRIER:
      abandonBarrier(m, q, slot, id, isExecuting(m, slot));
      break;
    default:
      abandonPermits(m, q, slot, id);
  }
}

/** Derives the counts of waiters from the bits again, and lets go on all that can. Under the takers' lock. */
export function settleSync(m: SharedMemory, q: Pointer): void {
  recountWaiters(m, q, Q_GETTERS);
  recountWaiters(m, q, Q_PUTTERS);
  switch (get(m, q + Q_KIND)) {
    case SYNC_LOCK:
    case SYNC_RLOCK:
      settleMutex(m, q);
      break;
    case SYNC_EVENT:
      settleEvent(m, q);
      break;
    case SYNC_CONDITION:
      settleCondition(m, q);
      break;
    case SYNC_BARRIER:
      settleBarrier(m, q);
      break;
    default:
      settleSemaphore(m, q);
  }
}
