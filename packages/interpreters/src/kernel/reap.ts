/**
 * Cleaning up after a dead interpreter in shared memory, by the supervisor, step by step:
 *
 *   1. its locks: repair what each protects, then release it, innermost first;
 *   2. its items everywhere: each gets the fate it was put with; it no longer holds anything or waits for anything;
 *   3. it is dead for all others, and its mailbox closed: no more can be sent to it, and the records that waited there are dropped;
 *   4. counts of references that it left too high (reconcile.ts), and queues that only it kept;
 *   5. its pages, including those with its executions: read before this step what it executed;
 *   6. a ring for every interpreter that may be owed one, because a ring that the dead owed may be lost.
 *
 * The dead executes nothing any more, so every word that only it would write stands still. The supervisor itself is
 * never terminated alone. Afterwards the slot may be used again. README.md explains the order.
 */
import { get, load, ensureMapped, set, type SharedMemory, store } from "../memory/atomics.js";
import type { InterpreterId, Owner, Pointer, Slot } from "../memory/brands.js";
import { ringAfterDeath, sleepsUnrung } from "../memory/doorbell.js";
import { clearBit } from "../memory/bitset.js";
import {
  C_FLAGS,
  C_HEAD,
  C_HEAD_SEGMENT,
  C_KIND,
  C_PUT_LOCK,
  C_TAIL,
  CHANNEL_CLOSED,
  H_ADDONS,
  H_QUEUES,
  H_REGISTRY_LOCK,
  H_SLOTS_USED,
  INTENTS,
  LOCK_QUEUE,
  LOCK_PAGES,
  LOCK_PUTTERS,
  LOCK_REGISTRY,
  OWNER_SHARED,
  PAGE_WORDS,
  Q_NEXT,
  Q_PUTTERS,
  S_HOLDERS,
  S_ID,
  S_INTENTS,
  S_REPLIES,
  S_DORMANT,
  S_FURTHER_EXECUTIONS,
  S_STATE,
  S_WAITING_ON,
  S_WORK,
  slotPointer,
  STATE_DEAD,
  STATE_LEAVING,
} from "../memory/layout.js";
import { heldBy, intentOf, lock, releaseForDead, unlock } from "../memory/lock.js";
import { repairPages, setPageOwner, sweepPages } from "../memory/page-allocator.js";
import { closeChannel } from "./channel.js";
import { unbind } from "./channel-removal.js";
import { lockChannel, putLockOf, unlockChannel } from "./channel-locks.js";
import { repairChannel, repairPut, repairTake } from "./channel-repair.js";
import { collectQueues } from "./queue-lifetime.js";
import { leaveQueue, repairGetters, stopWaitingFor } from "./queue-repair.js";
import { repairClaim } from "./mailbox.js";
import { reconcileReferences } from "./reconcile.js";
import { isAlive, joinerName } from "./registry.js";
import { recountWaiters } from "./waiters.js";

/**
 * Cleans up after the interpreter in `slot`, whose thread has ended; after it the slot can be freed. Returns false if counts of
 * references were moving: then call `reconcileReferences` again later.
 */
export function reap(m: SharedMemory, slot: Slot): boolean {
  const p = slotPointer(slot);
  const id = get(m, p + S_ID) as InterpreterId;
  repairLocks(m, slot);
  leaveEverything(m, slot, id);
  // Whoever no longer finds it in the registry finds none of its items either.
  store(m, p + S_STATE, STATE_DEAD);
  closeBox(m, (p + S_WORK) as Pointer);
  closeBox(m, (p + S_REPLIES) as Pointer);
  const settled = reconcileReferences(m);
  collectQueues(m);
  // No thread may look for executions in pages that are about to get another owner.
  store(m, p + S_FURTHER_EXECUTIONS, 0);
  sweepPages(m, (slot + 1) as Owner);
  set(m, p + S_WAITING_ON, 0);
  ringAll(m);
  return settled;
}

/**
 * Ends the interpreter in `slot`, which is fenced and still (fence.ts), for all others while its thread may still run: its mailbox is closed, each
 * item that it put gets its fate, and it waits for nothing any more, so that no wake-up is spent on it. All that the thread may still touch
 * stays: its locks, its handles, its pages. May be repeated.
 */
export function withdraw(m: SharedMemory, slot: Slot): void {
  const p = slotPointer(slot);
  const id = get(m, p + S_ID) as InterpreterId;
  store(m, p + S_STATE, STATE_LEAVING);
  closeBox(m, (p + S_WORK) as Pointer);
  closeBox(m, (p + S_REPLIES) as Pointer);
  leaveQueues(m, slot, id, false);
  unbindBoxes(m, id);
  // The fence may have stopped it between an operation and the ring that it owed.
  ringAll(m);
}

/**
 * Cleans up after an operation that an exception has unwound in the interpreter in `slot`, which lives: its thread stands still
 * (thread/poison.ts), and `repairLocks` was called. Takes the interpreter off all lists of waiters, because the operation may have enlisted it;
 * waits that are under way enlist it again after its ring. Rings every interpreter that may miss a ring, because the operation may have
 * owed it. May be repeated.
 *
 * Whatever else the operation left costs memory at most: pages that no record refers to belong to the interpreter and end with it,
 * and counts of references that are too high are reconciled.
 */
export function unpoison(m: SharedMemory, slot: Slot): void {
  leaveQueues(m, slot, undefined, false);
  ringAll(m);
}

/** Repairs and releases what the dead held, and passes on wake-ups that it may have consumed. */
export function repairLocks(m: SharedMemory, slot: Slot): void {
  const p = slotPointer(slot);
  for (let i = INTENTS - 1; i >= 0; i--) {
    const lockWord = intentOf(m, p, i);
    if (lockWord === 0) continue;
    ensureMapped(m, lockWord + PAGE_WORDS - 1);
    if (heldBy(m, lockWord, slot)) {
      const kind = get(m, lockWord + 1);
      if (kind === LOCK_PAGES) repairPages(m);
      else if (kind === LOCK_REGISTRY) repairRegistry(m);
      else if (kind === LOCK_PUTTERS) repairPutters(m, (lockWord - C_PUT_LOCK) as Pointer, slot);
      else repairTakers(m, lockWord, slot);
    }
    releaseForDead(m, lockWord, slot);
    set(m, p + S_INTENTS + i, 0);
  }
}

/** The dead held the putters' lock of channel `c`. Its takers' lock, if they held that too, is repaired and free by now. */
function repairPutters(m: SharedMemory, c: Pointer, slot: Slot): void {
  repairPut(m, c, (slot + 1) as Owner);
  if (get(m, c + C_KIND) === LOCK_QUEUE) recountWaiters(m, c, Q_PUTTERS);
}

/** The dead held the takers' lock of channel `c`, and perhaps the putters', too. */
function repairTakers(m: SharedMemory, c: Pointer, slot: Slot): void {
  const both = heldBy(m, putLockOf(c), slot);
  if (both) repairChannel(m, c, (slot + 1) as Owner);
  else repairTake(m, c);
  if (get(m, c + C_KIND) === LOCK_QUEUE) repairGetters(m, c);
  repairClaim(m, slotPointer(slot), c);
  // It died closing the channel: that cannot be undone, so finish it. Except for what the supervisor itself abandoned:
  // it comes back to that, and could meet the same busy lock here again.
  const closing = (get(m, c + C_FLAGS) & CHANNEL_CLOSED) !== 0 && get(m, c + C_HEAD_SEGMENT) !== 0;
  if (both && closing && slot !== m.slot) closeChannel(m, c);
}

/** A thread ended that may have been about to join: it had no slot, but perhaps held the lock under which slots are claimed. */
export function joinerEnded(m: SharedMemory, threadId: number): void {
  if (heldBy(m, H_REGISTRY_LOCK, joinerName(threadId))) repairRegistry(m);
  releaseForDead(m, H_REGISTRY_LOCK, joinerName(threadId));
}

/**
 * All linked queues belong to OWNER_SHARED, and so does the addon table. A queue whose maker died before linking it is swept with the
 * maker's pages.
 */
function repairRegistry(m: SharedMemory): void {
  for (let q = get(m, H_QUEUES) as Pointer; q !== 0; q = get(m, q + Q_NEXT) as Pointer) {
    ensureMapped(m, q + PAGE_WORDS - 1);
    setPageOwner(m, q, OWNER_SHARED);
  }
  const addons = get(m, H_ADDONS) as Pointer;
  if (addons !== 0) setPageOwner(m, addons, OWNER_SHARED);
}

function closeBox(m: SharedMemory, c: Pointer): void {
  lockChannel(m, c);
  closeChannel(m, c);
  unlockChannel(m, c);
}

/**
 * Takes the interpreter in `slot` off every queue's lists of waiters; with `handles`, it no longer holds the queues either. Gives each item that
 * `sender` put its fate; without a sender, all items stay. No thread frees a queue without the registry lock.
 */
function leaveQueues(m: SharedMemory, slot: Slot, sender: InterpreterId | undefined, handles: boolean): void {
  lock(m, H_REGISTRY_LOCK);
  for (let q = get(m, H_QUEUES) as Pointer; q !== 0; q = get(m, q + Q_NEXT) as Pointer) {
    ensureMapped(m, q + PAGE_WORDS - 1);
    lockChannel(m, q);
    if (sender !== undefined) unbind(m, q, sender);
    if (handles) leaveQueue(m, q, slot);
    else stopWaitingFor(m, q, slot);
    unlockChannel(m, q);
  }
  unlock(m, H_REGISTRY_LOCK);
}

/** Gives every record that the dead put, in queues and in other interpreters' mailboxes, its fate, and takes the dead off every list. */
function leaveEverything(m: SharedMemory, slot: Slot, id: InterpreterId): void {
  leaveQueues(m, slot, id, true);
  unbindBoxes(m, id);
  const end = load(m, H_SLOTS_USED);
  for (let other = 0 as Slot; other < end; other++) clearBit(m, slotPointer(other) + S_HOLDERS, slot);
}

/** Drops the work that interpreter `id` sent and that waits in mailboxes. */
function unbindBoxes(m: SharedMemory, id: InterpreterId): void {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    unbindBox(m, (slotPointer(slot) + S_WORK) as Pointer, id);
    unbindBox(m, (slotPointer(slot) + S_REPLIES) as Pointer, id);
  }
}

function unbindBox(m: SharedMemory, c: Pointer, id: InterpreterId): void {
  lockChannel(m, c);
  unbind(m, c, id);
  unlockChannel(m, c);
}

/** Rings every interpreter that the dead may have owed a ring. */
function ringAll(m: SharedMemory): void {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++)
    if (isAlive(m, slot) && !isOwedNothing(m, slot)) ringAfterDeath(m, slot);
}

/**
 * Whether the owner of `slot` misses no ring: it awaits records in its mailbox only, which is empty, and no ring was begun since it
 * fell asleep. Waking hundreds of such interpreters at each death would make the end of one as expensive as all of them.
 */
function isOwedNothing(m: SharedMemory, slot: Slot): boolean {
  const p = slotPointer(slot);
  return (
    load(m, p + S_DORMANT) !== 0 &&
    isEmptyBox(m, (p + S_WORK) as Pointer) &&
    isEmptyBox(m, (p + S_REPLIES) as Pointer) &&
    sleepsUnrung(m, slot)
  );
}

function isEmptyBox(m: SharedMemory, c: Pointer): boolean {
  return load(m, c + C_HEAD) === load(m, c + C_TAIL);
}
