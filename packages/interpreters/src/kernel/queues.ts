/**
 * Queues as integers: create, find, put, get, wait, close. The class `Queue` and every guest language stand on this.
 *
 * A queue is one page: a channel, who holds it, who waits for it, and its first chunk. It lives as long as an
 * interpreter holds it (Q_HOLDERS) or a record somewhere carries it (Q_ITEM_REFERENCES).
 *
 * Waiting: who finds nothing sets its bit in Q_GET_WAITERS, under the same lock that showed it that there is nothing,
 * and then sleeps on its own doorbell. A put takes one bit out (going round, so that everybody has a turn) and rings.
 * Who was rung but does not take the item passes the ring on (`stopWaiting`). When an interpreter dies, everybody who
 * could take something is rung, as the dead may have been the one that was (supervisor/repair.ts).
 */
import { add, get, load, ensureMapped, set, type SharedMemory, store } from "../memory/atomics.js";
import { clearBit, countBits, hasBit, isEmptySet, nextBit, setBit } from "../memory/bitset.js";
import { ring } from "../memory/doorbell.js";
import {
  C_COUNT,
  C_FLAGS,
  C_ID,
  C_KIND,
  C_MAXSIZE,
  CHANNEL_CLOSED,
  CHANNEL_SHUT,
  H_NEXT_HIDDEN,
  H_NEXT_QUEUE,
  H_QUEUES,
  H_REGISTRY_LOCK,
  LOCK_QUEUE,
  MAX_SLOTS,
  OK,
  OWNER_SHARED,
  PAGE_WORDS,
  Q_GET_CURSOR,
  Q_GET_WAITERS,
  Q_GETTERS,
  Q_HOLDERS,
  Q_INLINE_SEGMENT,
  Q_ITEM_REFERENCES,
  Q_NEXT,
  Q_PUT_CURSOR,
  Q_PUT_WAITERS,
  Q_PUTTERS,
  Q_REF_VERSION,
  Q_UNBOUND,
  R_FLAGS,
  R_LENGTH,
  RECORD_HEADER,
  STATUS_EMPTY,
  STATUS_FULL,
  STATUS_NOT_FOUND,
  STATUS_SHUT,
} from "../memory/layout.js";
import { lock, unlock } from "../memory/lock.js";
import { allocatePages, freePages, setPageOwner } from "../memory/page-allocator.js";
import {
  append,
  appendBatch,
  clearChannel,
  closeChannel,
  first,
  openChannel,
  removeRecord,
  repairChannel,
} from "./channel.js";
import { describeBatches, receive, receiveMany, type Received, type ReceivedMany } from "./receive.js";

/**
 * Makes a queue that this interpreter holds. Returns its pointer, or 0: no memory. A hidden one is found by nobody who
 * was not given it: its id is below -1.
 */
export function createQueue(m: SharedMemory, maxsize: number, unbound: number, hidden: boolean): number {
  const q = allocatePages(m, 1, m.slot + 1);
  if (q === 0) return 0;
  for (let i = 0; i < Q_INLINE_SEGMENT; i++) set(m, q + i, 0);
  set(m, q + C_KIND, LOCK_QUEUE);
  set(m, q + Q_UNBOUND, unbound);
  setBit(m, q + Q_HOLDERS, m.slot);
  lock(m, H_REGISTRY_LOCK);
  const id = hidden ? -2 - add(m, H_NEXT_HIDDEN, 1) : add(m, H_NEXT_QUEUE, 1);
  openChannel(m, q, id, maxsize, q + Q_INLINE_SEGMENT, q + PAGE_WORDS);
  set(m, q + Q_NEXT, get(m, H_QUEUES));
  store(m, H_QUEUES, q);
  setPageOwner(m, q, OWNER_SHARED);
  unlock(m, H_REGISTRY_LOCK);
  return q;
}

/** Makes this interpreter a holder of queue `id`. Returns its pointer, or 0: there is none. */
export function findQueue(m: SharedMemory, id: number): number {
  lock(m, H_REGISTRY_LOCK);
  let q = get(m, H_QUEUES);
  while (q !== 0 && queueIdOf(m, q) !== id) q = get(m, q + Q_NEXT);
  if (q !== 0) setBit(m, q + Q_HOLDERS, m.slot);
  unlock(m, H_REGISTRY_LOCK);
  return q;
}

/** Writes the ids of all queues into `ids`, as far as there is room; returns how many there are. */
export function listQueueIds(m: SharedMemory, ids: Int32Array): number {
  lock(m, H_REGISTRY_LOCK);
  let count = 0;
  for (let q = get(m, H_QUEUES); q !== 0; q = get(m, q + Q_NEXT)) {
    const id = queueIdOf(m, q);
    if (id < 0) continue;
    if (count < ids.length) ids[count] = id;
    count++;
  }
  unlock(m, H_REGISTRY_LOCK);
  return count;
}

/** The queue's id, or -1 once it is closed. */
export function queueIdOf(m: SharedMemory, q: number): number {
  ensureMapped(m, q + PAGE_WORDS - 1);
  return load(m, q + C_ID);
}

/** How many items can be got. */
export function sizeOf(m: SharedMemory, q: number): number {
  return load(m, q + C_COUNT);
}

/**
 * Puts one record (see `append`). FULL: no room; with `wait` this interpreter is then on the list of those that
 * will be rung when there is.
 */
export function put(
  m: SharedMemory,
  q: number,
  wait: boolean,
  flags: number,
  sender: number,
  references: ArrayLike<number>,
  bytes: Buffer,
  start: number,
  length: number,
  blob: number,
): number {
  lock(m, q);
  let status = putStatus(m, q);
  let waiter = -1;
  if (status === OK) {
    status = append(m, q, flags, sender, references, bytes, start, length, blob);
    if (status === OK) waiter = nextWaiter(m, q, Q_GETTERS);
  } else if (status === STATUS_FULL && wait) enlist(m, q, Q_PUTTERS);
  unlock(m, q);
  if (waiter !== -1) ring(m, waiter);
  return status;
}

/** Records on their way, as `putMany` puts them. */
export interface OutgoingMany {
  readonly count: number;
  /** They lie here one behind the other, as in a chunk (`recordWords`), references and large payloads aside. */
  readonly bytes: Buffer;
  /** The same bytes. */
  readonly view: DataView;
  /** Those that are not plain, in order. */
  readonly special: readonly SpecialRecord[];
}

export interface SpecialRecord {
  readonly index: number;
  readonly references: ArrayLike<number>;
  /** The pages of a large payload (`makeBlob`), or 0. */
  readonly blob: number;
}

/**
 * Puts records from the `from`th on, which lies at byte `start`, as many as there is room for, in one step of the lock.
 * `status` is why the next one was not put (OK: there is none); with `wait` and FULL this interpreter will be rung when
 * there is room.
 */
export function putMany(
  m: SharedMemory,
  q: number,
  wait: boolean,
  sender: number,
  records: OutgoingMany,
  from: number,
  start: number,
): { put: number; status: number } {
  const { count, bytes, view, special } = records;
  const waiters: number[] = [];
  let next = from;
  let at = start;
  let specials = 0;
  while (specials < special.length && special[specials].index < from) specials++;
  lock(m, q);
  let status = putStatus(m, q);
  while (status === OK && next < count) {
    const end = specials < special.length ? special[specials].index : count;
    if (next < end) {
      const batch = appendBatch(m, q, sender, bytes, view, at, Math.min(end - next, roomIn(m, q)));
      if (batch < 0) {
        status = batch;
        break;
      }
      for (const last = next + batch; next < last; next++) at += view.getInt32(at, true) * 4;
    } else {
      const { references, blob } = special[specials];
      const flags = view.getInt32(at + R_FLAGS * 4, true);
      const length = view.getInt32(at + R_LENGTH * 4, true);
      status = append(m, q, flags, sender, references, bytes, at + RECORD_HEADER * 4, length, blob);
      if (status !== OK) break;
      at += view.getInt32(at, true) * 4;
      specials++;
      next++;
    }
    status = putStatus(m, q);
  }
  for (let i = from; i < next; i++) {
    const waiter = nextWaiter(m, q, Q_GETTERS);
    if (waiter === -1) break;
    waiters.push(waiter);
  }
  if (status === STATUS_FULL && wait && next < count) enlist(m, q, Q_PUTTERS);
  unlock(m, q);
  for (const waiter of waiters) ring(m, waiter);
  return { put: next - from, status };
}

/** How many more records may be put. */
function roomIn(m: SharedMemory, q: number): number {
  const maxsize = get(m, q + C_MAXSIZE);
  return maxsize > 0 ? maxsize - get(m, q + C_COUNT) : 0x7fffffff;
}

/**
 * Takes up to `most` records, in one step of the lock, and as there is room for. A count, or a status as `take`'s. A record
 * that is an error for its taker comes alone, so that nothing which was taken with it is lost on the error's way.
 */
export function takeMany(
  m: SharedMemory,
  q: number,
  wait: boolean,
  into: ReceivedMany,
  most: number,
): number {
  const waiters: number[] = [];
  lock(m, q);
  const flags = get(m, q + C_FLAGS);
  let count = 0;
  let status = OK;
  if ((flags & CHANNEL_CLOSED) !== 0) status = STATUS_NOT_FOUND;
  else {
    count = receiveMany(m, q, into, most);
    for (let i = 0; i < count; i++) {
      const waiter = nextWaiter(m, q, Q_PUTTERS);
      if (waiter === -1) break;
      waiters.push(waiter);
    }
    if (count === 0) {
      status = (flags & CHANNEL_SHUT) !== 0 ? STATUS_SHUT : STATUS_EMPTY;
      if (status === STATUS_EMPTY && wait) enlist(m, q, Q_GETTERS);
    }
  }
  unlock(m, q);
  for (const waiter of waiters) ring(m, waiter);
  if (count > 0) describeBatches(into);
  return count > 0 ? count : status;
}

/** Takes the next record into `into`. EMPTY: nothing there; with `wait` this interpreter will be rung when there is. */
export function take(m: SharedMemory, q: number, wait: boolean, into: Received): number {
  lock(m, q);
  let status = OK;
  let waiter = -1;
  const flags = get(m, q + C_FLAGS);
  if ((flags & CHANNEL_CLOSED) !== 0) status = STATUS_NOT_FOUND;
  else {
    const r = first(m, q);
    if (r !== 0) {
      receive(m, q, r, into);
      waiter = nextWaiter(m, q, Q_PUTTERS);
    } else if ((flags & CHANNEL_SHUT) !== 0) status = STATUS_SHUT;
    else {
      status = STATUS_EMPTY;
      if (wait) enlist(m, q, Q_GETTERS);
    }
  }
  unlock(m, q);
  if (waiter !== -1) ring(m, waiter);
  return status;
}

/** Takes back a record, see `removeRecord`. False: it is not there any more. */
export function removeFrom(m: SharedMemory, q: number, sender: number, key: number, place: number): boolean {
  lock(m, q);
  const removed = removeRecord(m, q, sender, key, place);
  unlock(m, q);
  return removed;
}

/** Whether this interpreter is still on the list: nobody rang it for this queue since it enlisted. */
export function isWaiting(m: SharedMemory, q: number, list: typeof Q_GETTERS | typeof Q_PUTTERS): boolean {
  return hasBit(m, q + bitsOf(list), m.slot);
}

/** Leaves the list; a ring that came for this interpreter but was not made use of goes to the next. */
export function stopWaiting(m: SharedMemory, q: number, list: typeof Q_GETTERS | typeof Q_PUTTERS): void {
  lock(m, q);
  let waiter = -1;
  if (!delist(m, q, list)) {
    const useful = list === Q_GETTERS ? sizeOf(m, q) > 0 : putStatus(m, q) === OK;
    if (useful) waiter = nextWaiter(m, q, list);
  }
  unlock(m, q);
  if (waiter !== -1) ring(m, waiter);
}

/** Rings one of those who wait to get, if any: there is something for it, though not in this queue. */
export function wakeGetter(m: SharedMemory, q: number): void {
  lock(m, q);
  const waiter = nextWaiter(m, q, Q_GETTERS);
  unlock(m, q);
  if (waiter !== -1) ring(m, waiter);
}

/** No more puts; with `immediate` what is there is dropped. Wakes everybody, for there is nothing to wait for. */
export function shutdownQueue(m: SharedMemory, q: number, immediate: boolean): number {
  lock(m, q);
  const status = (get(m, q + C_FLAGS) & CHANNEL_CLOSED) !== 0 ? STATUS_NOT_FOUND : OK;
  if (status === OK) {
    set(m, q + C_FLAGS, get(m, q + C_FLAGS) | CHANNEL_SHUT);
    if (immediate) clearChannel(m, q);
    ringAll(m, q);
  }
  unlock(m, q);
  return status;
}

/** The queue is no more, for nobody, whoever still holds it. */
export function closeQueue(m: SharedMemory, q: number): number {
  lock(m, q);
  const status = (get(m, q + C_FLAGS) & CHANNEL_CLOSED) !== 0 ? STATUS_NOT_FOUND : OK;
  if (status === OK) {
    closeChannel(m, q);
    ringAll(m, q);
  }
  unlock(m, q);
  return status;
}

/** Rings everybody who waits; to be called under the queue's lock. */
function ringAll(m: SharedMemory, q: number): void {
  ringList(m, q, Q_GETTERS);
  ringList(m, q, Q_PUTTERS);
}

function ringList(m: SharedMemory, q: number, list: typeof Q_GETTERS | typeof Q_PUTTERS): void {
  for (let slot = nextWaiter(m, q, list); slot !== -1; slot = nextWaiter(m, q, list)) ring(m, slot);
}

/** `slot` holds the queue no longer. The queue goes with the last holder; see `collectQueues`. */
export function releaseQueue(m: SharedMemory, q: number, slot: number): boolean {
  clearBit(m, q + Q_HOLDERS, slot);
  return isAbandoned(m, q);
}

/** Frees every queue that nobody holds and no record carries. One may have carried another: until none is left. */
export function collectQueues(m: SharedMemory): void {
  lock(m, H_REGISTRY_LOCK);
  for (let found = true; found;) {
    found = false;
    let link = H_QUEUES;
    for (let q = get(m, link); q !== 0; q = get(m, link)) {
      ensureMapped(m, q + PAGE_WORDS - 1);
      if (!isAbandoned(m, q)) {
        link = q + Q_NEXT;
        continue;
      }
      lock(m, q);
      closeChannel(m, q);
      unlock(m, q);
      setPageOwner(m, q, m.slot + 1);
      store(m, link, get(m, q + Q_NEXT));
      freePages(m, q);
      found = true;
    }
  }
  unlock(m, H_REGISTRY_LOCK);
}

/**
 * The interpreter `dead` was destroyed: it waits for nothing and holds nothing, and everybody who can go on looks
 * again, because the dead may have been the one that was rung. Under the lock.
 */
export function leaveQueue(m: SharedMemory, q: number, dead: number): void {
  clearBit(m, q + Q_HOLDERS, dead);
  clearBit(m, q + Q_GET_WAITERS, dead);
  clearBit(m, q + Q_PUT_WAITERS, dead);
  recountWaiters(m, q);
  // It may have died closing the queue, or shutting it down: then nobody has anything to wait for.
  const over = get(m, q + C_FLAGS) !== 0;
  if (over || get(m, q + C_COUNT) > 0) ringList(m, q, Q_GETTERS);
  if (over || putStatus(m, q) === OK) ringList(m, q, Q_PUTTERS);
}

/** Restores what is derived. The lock is held in the name of the dead, whose slot is `dead`. */
export function repairQueue(m: SharedMemory, q: number, dead: number): void {
  repairChannel(m, q, dead + 1);
  recountWaiters(m, q);
}

function recountWaiters(m: SharedMemory, q: number): void {
  set(m, q + Q_GETTERS, countBits(m, q + Q_GET_WAITERS));
  set(m, q + Q_PUTTERS, countBits(m, q + Q_PUT_WAITERS));
}

/**
 * Nobody can get at the queue any more, for good: new holders come from records or, under the registry lock, by id;
 * an unmoved Q_TOUCHED proves that no record gave or took a reference between the two looks.
 */
function isAbandoned(m: SharedMemory, q: number): boolean {
  const touched = load(m, q + Q_REF_VERSION);
  return (
    load(m, q + Q_ITEM_REFERENCES) === 0 &&
    isEmptySet(m, q + Q_HOLDERS) &&
    load(m, q + Q_REF_VERSION) === touched
  );
}

/** What a put would do now: OK, FULL, SHUT or NOT_FOUND. */
function putStatus(m: SharedMemory, q: number): number {
  const flags = get(m, q + C_FLAGS);
  if (flags !== 0) return (flags & CHANNEL_CLOSED) !== 0 ? STATUS_NOT_FOUND : STATUS_SHUT;
  const maxsize = get(m, q + C_MAXSIZE);
  return maxsize > 0 && get(m, q + C_COUNT) >= maxsize ? STATUS_FULL : OK;
}

function bitsOf(list: typeof Q_GETTERS | typeof Q_PUTTERS): number {
  return list === Q_GETTERS ? Q_GET_WAITERS : Q_PUT_WAITERS;
}

/** Puts this interpreter on the list of those to ring. Under the queue's lock. */
export function enlist(m: SharedMemory, q: number, list: typeof Q_GETTERS | typeof Q_PUTTERS): void {
  if (setBit(m, q + bitsOf(list), m.slot)) set(m, q + list, get(m, q + list) + 1);
}

/** Takes this interpreter off the list; false when it was rung. Under the queue's lock. */
export function delist(m: SharedMemory, q: number, list: typeof Q_GETTERS | typeof Q_PUTTERS): boolean {
  if (!clearBit(m, q + bitsOf(list), m.slot)) return false;
  set(m, q + list, get(m, q + list) - 1);
  return true;
}

/** Takes one waiter off the list; -1: there is none. The caller rings it, after the lock. */
function nextWaiter(m: SharedMemory, q: number, list: typeof Q_GETTERS | typeof Q_PUTTERS): number {
  if (get(m, q + list) === 0) return -1;
  const cursor = list === Q_GETTERS ? Q_GET_CURSOR : Q_PUT_CURSOR;
  const slot = nextBit(m, q + bitsOf(list), get(m, q + cursor));
  if (slot === -1) return -1;
  clearBit(m, q + bitsOf(list), slot);
  set(m, q + list, get(m, q + list) - 1);
  // A pool's workers are all the same to it, but who had the last task may still be awake, and has it in its caches.
  const next = list === Q_GETTERS && get(m, q + C_ID) < -1 ? slot : slot + 1;
  set(m, q + cursor, next & (MAX_SLOTS - 1));
  return slot;
}
