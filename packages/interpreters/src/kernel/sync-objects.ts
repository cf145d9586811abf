/**
 * Synchronization objects: locks, semaphores, events. Each is a hidden queue's page without records (`layout.ts`), so that its handles,
 * its references in records, its lifetime and its list of waiters are a queue's. This file makes them, and gives each kind its turn when an
 * interpreter leaves the list of waiters, dies, or has died in the middle of an operation.
 */
import { get, set, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Owner, Pointer, QueueId, Slot } from "../memory/brands.js";
import {
  C_ID,
  C_KIND,
  C_PUT_KIND,
  LOCK_PUTTERS,
  LOCK_QUEUE,
  PAGE_WORDS,
  Q_GETTERS,
  Q_KIND,
  Q_PUTTERS,
  SYNC_BOUNDED,
  SYNC_EVENT,
  SYNC_LOCK,
  SYNC_RLOCK,
  SYNC_SEMAPHORE,
  Y_INITIAL,
  Y_STATE,
} from "../memory/layout.js";
import { allocatePages } from "../memory/page-allocator.js";
import { leaveEvent, settleEvent, stopWaitingForEvent } from "./events.js";
import { abandonMutex, leaveMutex, settleMutex, stopWaitingForMutex } from "./mutex.js";
import { publishQueue } from "./queue-lifetime.js";
import { abandonPermits, leaveSemaphore, settleSemaphore, stopWaitingForPermit } from "./semaphores.js";
import { recountWaiters } from "./waiters.js";

/**
 * Makes an object of a SYNC_… kind, which this interpreter holds. `state` and `initial` are its first Y_STATE and Y_INITIAL. Returns its pointer,
 * or 0 if memory is exhausted.
 */
export function createSync(m: SharedMemory, kind: number, state: number, initial: number): Pointer {
  const pages = kind === SYNC_SEMAPHORE || kind === SYNC_BOUNDED ? 2 : 1;
  const q = allocatePages(m, pages, (m.slot + 1) as Owner);
  if (q === 0) return 0;
  for (let i = 0; i < pages * PAGE_WORDS; i++) set(m, q + i, 0);
  set(m, q + C_KIND, LOCK_QUEUE);
  set(m, q + C_PUT_KIND, LOCK_PUTTERS);
  set(m, q + Q_KIND, kind);
  set(m, q + Y_STATE, state);
  set(m, q + Y_INITIAL, initial);
  publishQueue(m, q, 0, true, 0);
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
    default:
      stopWaitingForPermit(m, q);
  }
}

/** The interpreter in `slot` waits for nothing any more, and passes on what it was granted. Under both locks of the page. */
export function leaveSync(m: SharedMemory, q: Pointer, slot: Slot): void {
  const kind = get(m, q + Q_KIND);
  if (kind === SYNC_LOCK || kind === SYNC_RLOCK) leaveMutex(m, q, slot);
  else if (kind === SYNC_EVENT) leaveEvent(m, q, slot);
  else leaveSemaphore(m, q, slot);
  settleSync(m, q);
}

/** Interpreter `id` in `slot` is dead: it hands on what it held. After `leaveSync`, under both locks of the page. */
export function abandonSync(m: SharedMemory, q: Pointer, slot: Slot, id: InterpreterId): void {
  const kind = get(m, q + Q_KIND);
  if (kind === SYNC_LOCK || kind === SYNC_RLOCK) abandonMutex(m, q, slot, id);
  else if (kind === SYNC_SEMAPHORE || kind === SYNC_BOUNDED) abandonPermits(m, q, slot, id);
}

/** Derives the counts of waiters from the bits again, and lets go on all that can. Under the takers' lock. */
export function settleSync(m: SharedMemory, q: Pointer): void {
  recountWaiters(m, q, Q_GETTERS);
  recountWaiters(m, q, Q_PUTTERS);
  const kind = get(m, q + Q_KIND);
  if (kind === SYNC_LOCK || kind === SYNC_RLOCK) settleMutex(m, q);
  else if (kind === SYNC_EVENT) settleEvent(m, q);
  else settleSemaphore(m, q);
}
