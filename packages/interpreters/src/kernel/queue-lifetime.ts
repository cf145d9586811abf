/**
 * The life of a queue: created, found, listed, shut down, closed, freed.
 *
 * A queue is one page: a channel, the sets of those that hold it and wait for it, and its first segment. It lives as long as an
 * interpreter holds it (Q_HOLDERS) or a record somewhere carries it (Q_ITEM_REFERENCES). All queues form a list under the registry
 * lock; only a holder of that lock frees one.
 *
 *     createQueue ──▶ in the list, held ──last holder releases it, no record carries it──▶ collectQueues frees its pages
 *                        │
 *                        └──closeQueue──▶ id -1: every operation returns NOT_FOUND; the page stays until it is collected
 */
import { add, ensureMapped, get, load, set, type SharedMemory, store } from "../memory/atomics.js";
import { clearBit, isEmptySet, setBit } from "../memory/bitset.js";
import type { Owner, Pointer, QueueId, Slot } from "../memory/brands.js";
import {
  BITSET_WORDS,
  C_FLAGS,
  C_KIND,
  C_PUT_KIND,
  CHANNEL_CLOSED,
  CHANNEL_SHUT,
  H_NEXT_HIDDEN,
  H_NEXT_QUEUE,
  H_QUEUES,
  H_REGISTRY_LOCK,
  LOCK_PUTTERS,
  LOCK_QUEUE,
  OK,
  OWNER_SHARED,
  PAGE_WORDS,
  Q_HOLDERS,
  Q_INLINE_SEGMENT,
  Q_ITEM_REFERENCES,
  Q_NEXT,
  Q_REF_VERSION,
  Q_UNBOUND,
  STATUS_NOT_FOUND,
} from "../memory/layout.js";
import { unlock } from "../memory/lock.js";
import { allocatePages, freePages, setPageOwner } from "../memory/page-allocator.js";
import { lockChannel, unlockChannel } from "./channel-locks.js";
import { clearChannel, closeChannel, openChannel } from "./channel.js";
import { lock } from "./fence.js";
import { queueIdOf } from "./queue-state.js";
import { isAlive } from "./registry.js";
import { ringAllWaiters } from "./waiters.js";

/**
 * Makes a queue that this interpreter holds. Returns its pointer, or 0 if memory is exhausted. A hidden queue has an id below -1,
 * which no list shows and no user can name: only records carry the queue, or its id, on.
 */
export function createQueue(m: SharedMemory, maxsize: number, unbound: number, hidden: boolean): Pointer {
  const q = allocatePages(m, 1, (m.slot + 1) as Owner);
  if (q === 0) return 0;
  for (let i = 0; i < Q_INLINE_SEGMENT; i++) set(m, q + i, 0);
  set(m, q + C_KIND, LOCK_QUEUE);
  set(m, q + C_PUT_KIND, LOCK_PUTTERS);
  set(m, q + Q_UNBOUND, unbound);
  publishQueue(m, q, maxsize, hidden, (q + Q_INLINE_SEGMENT) as Pointer);
  return q;
}

/**
 * Makes the page at `q`, which this thread owns and has filled otherwise, a queue that this interpreter holds. Its channel's first segment
 * begins at `inline`, and ends with the page; 0 if it has none.
 */
export function publishQueue(
  m: SharedMemory,
  q: Pointer,
  maxsize: number,
  hidden: boolean,
  inline: Pointer,
): void {
  setBit(m, q + Q_HOLDERS, m.slot);
  lock(m, H_REGISTRY_LOCK);
  const id = (hidden ? -2 - add(m, H_NEXT_HIDDEN, 1) : add(m, H_NEXT_QUEUE, 1)) as QueueId;
  openChannel(m, q, id, maxsize, inline, q + PAGE_WORDS);
  set(m, q + Q_NEXT, get(m, H_QUEUES));
  store(m, H_QUEUES, q);
  setPageOwner(m, q, OWNER_SHARED);
  unlock(m, H_REGISTRY_LOCK);
}

/** Makes this interpreter a holder of queue `id`. Returns its pointer, or 0 if no queue has that id. */
export function findQueue(m: SharedMemory, id: QueueId): Pointer {
  lock(m, H_REGISTRY_LOCK);
  let q = get(m, H_QUEUES) as Pointer;
  while (q !== 0 && queueIdOf(m, q) !== id) q = get(m, q + Q_NEXT) as Pointer;
  if (q !== 0) setBit(m, q + Q_HOLDERS, m.slot);
  unlock(m, H_REGISTRY_LOCK);
  return q;
}

/**
 * Makes this interpreter a holder of all queues that are not hidden, and writes the pointer and the id of each, as many as fit. Returns how
 * many queues exist.
 */
export function findQueues(m: SharedMemory, pairs: Int32Array): number {
  lock(m, H_REGISTRY_LOCK);
  let count = 0;
  for (let q = get(m, H_QUEUES) as Pointer; q !== 0; q = get(m, q + Q_NEXT) as Pointer) {
    const id = queueIdOf(m, q);
    if (id < 0) continue;
    if (count * 2 < pairs.length) {
      setBit(m, q + Q_HOLDERS, m.slot);
      pairs[count * 2] = q;
      pairs[count * 2 + 1] = id;
    }
    count++;
  }
  unlock(m, H_REGISTRY_LOCK);
  return count;
}

/** Writes the ids of all queues that are not hidden, as many as fit, without becoming a holder. Returns how many queues exist. */
export function queueIds(m: SharedMemory, ids: Int32Array): number {
  lock(m, H_REGISTRY_LOCK);
  let count = 0;
  for (let q = get(m, H_QUEUES) as Pointer; q !== 0; q = get(m, q + Q_NEXT) as Pointer) {
    const id = queueIdOf(m, q);
    if (id >= 0 && count++ < ids.length) ids[count - 1] = id;
  }
  unlock(m, H_REGISTRY_LOCK);
  return count;
}

/** Refuses all further puts; with `immediate`, drops the items too. Rings every waiter: no wait can succeed any more. */
export function shutdownQueue(m: SharedMemory, q: Pointer, immediate: boolean): number {
  lockChannel(m, q);
  const status = (get(m, q + C_FLAGS) & CHANNEL_CLOSED) !== 0 ? STATUS_NOT_FOUND : OK;
  if (status === OK) {
    set(m, q + C_FLAGS, get(m, q + C_FLAGS) | CHANNEL_SHUT);
    if (immediate) clearChannel(m, q);
    ringAllWaiters(m, q);
  }
  unlockChannel(m, q);
  return status;
}

/** Ends the queue for every interpreter, including those that still hold it. */
export function closeQueue(m: SharedMemory, q: Pointer): number {
  lockChannel(m, q);
  const status = (get(m, q + C_FLAGS) & CHANNEL_CLOSED) !== 0 ? STATUS_NOT_FOUND : OK;
  if (status === OK) {
    closeChannel(m, q);
    ringAllWaiters(m, q);
  }
  unlockChannel(m, q);
  return status;
}

/** `slot` no longer holds the queue. Returns whether that may have been its last holder: then call `collectQueues`. */
export function releaseQueue(m: SharedMemory, q: Pointer, slot: Slot): boolean {
  clearBit(m, q + Q_HOLDERS, slot);
  return isAbandoned(m, q);
}

/**
 * Whether this interpreter, which holds the queue, is the only living one that can get at it: then it stays so until this interpreter
 * sends it again. False while references move.
 */
export function isHeldHereOnly(m: SharedMemory, q: Pointer): boolean {
  const holders = q + Q_HOLDERS;
  const version = load(m, q + Q_REF_VERSION);
  if (load(m, q + Q_ITEM_REFERENCES) !== 0) return false;
  for (let i = 0; i < BITSET_WORDS; i++) {
    for (let bits = load(m, holders + i); bits !== 0; bits &= bits - 1) {
      const slot = (i * 32 + 31 - Math.clz32(bits & -bits)) as Slot;
      // One that has ended for all others keeps its bits until its thread is gone.
      if (slot !== m.slot && isAlive(m, slot)) return false;
    }
  }
  return load(m, q + Q_REF_VERSION) === version;
}

/** Frees every queue that no interpreter holds and no record carries. Freeing one may abandon another: repeats until none is left. */
export function collectQueues(m: SharedMemory): void {
  lock(m, H_REGISTRY_LOCK);
  for (let found = true; found;) {
    found = false;
    let link = H_QUEUES;
    for (let q = get(m, link) as Pointer; q !== 0; q = get(m, link) as Pointer) {
      ensureMapped(m, q + PAGE_WORDS - 1);
      if (!isAbandoned(m, q)) {
        link = q + Q_NEXT;
        continue;
      }
      lockChannel(m, q);
      closeChannel(m, q);
      unlockChannel(m, q);
      setPageOwner(m, q, (m.slot + 1) as Owner);
      store(m, link, get(m, q + Q_NEXT));
      freePages(m, q);
      found = true;
    }
  }
  unlock(m, H_REGISTRY_LOCK);
}

/**
 * Whether no interpreter can get at the queue any more, for good: new holders come from records or, under the registry lock, by id,
 * and an unmoved Q_REF_VERSION proves that no record gave or took a reference between the two reads of it.
 */
function isAbandoned(m: SharedMemory, q: Pointer): boolean {
  const version = load(m, q + Q_REF_VERSION);
  return (
    load(m, q + Q_ITEM_REFERENCES) === 0 &&
    isEmptySet(m, q + Q_HOLDERS) &&
    load(m, q + Q_REF_VERSION) === version
  );
}
