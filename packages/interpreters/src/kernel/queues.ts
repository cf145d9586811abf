/**
 * Putting into queues and taking from them, as functions over integers. The class `Queue` and every guest language stand on these.
 *
 * Each operation is one step of the queue's lock: it puts or takes, picks the waiters that this lets go on, or puts this interpreter
 * on the list of waiters (waiters.ts). The rings follow after the lock. queue-lifetime.ts creates, finds and frees queues.
 */
import { get, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import {
  C_FLAGS,
  CHANNEL_CLOSED,
  CHANNEL_SHUT,
  OK,
  Q_GETTERS,
  Q_PUTTERS,
  STATUS_EMPTY,
  STATUS_FULL,
  STATUS_NOT_FOUND,
  STATUS_SHUT,
} from "../memory/layout.js";
import { lock, unlock, unlockAndRing, unlockAndRingAll } from "../memory/lock.js";
import { append, appendBatch, first } from "./channel.js";
import { removeRecord } from "./channel-removal.js";
import { type OutgoingMany, type OutgoingRecord, skipRecord } from "./outgoing.js";
import { putStatus, roomIn } from "./queue-state.js";
import { receive, receiveMany, type Received, type ReceivedMany } from "./receive.js";
import { enlist, nextGetter, nextWaiter } from "./waiters.js";

/**
 * Puts one record (see `append`). Returns FULL if there is no room; with `wait`, this interpreter is then on the list of putters and
 * will be rung when there is. `each`: see `nextGetter`.
 */
export function put(m: SharedMemory, q: Pointer, wait: boolean, record: OutgoingRecord, each = true): number {
  lock(m, q);
  let status = putStatus(m, q);
  let waiter = -1 as Slot;
  if (status === OK) {
    status = append(m, q, record);
    if (status === OK) waiter = nextGetter(m, q, each);
  } else if (status === STATUS_FULL && wait) enlist(m, q, Q_PUTTERS);
  unlockAndRing(m, q, waiter);
  return status;
}

/**
 * Puts the records from `records.next` on, as many as there is room for, in one step of the lock. Returns the reason why the next one
 * was not put, or OK if all were; with `wait` and FULL, this interpreter will be rung when there is room.
 */
export function putMany(m: SharedMemory, q: Pointer, wait: boolean, records: OutgoingMany): number {
  const { count, special, next: from } = records;
  const waiters: Slot[] = [];
  let specials = 0;
  while (specials < special.length && special[specials].index < from) specials++;
  lock(m, q);
  let status = putStatus(m, q);
  while (status === OK && records.next < count) {
    const { next } = records;
    const end = specials < special.length ? special[specials].index : count;
    if (next < end) status = appendBatch(m, q, records, Math.min(end, next + roomIn(m, q)));
    else {
      status = append(m, q, special[specials++].record);
      if (status === OK) skipRecord(records);
    }
    if (status === OK) status = putStatus(m, q);
  }
  for (let i = from; i < records.next; i++) {
    const waiter = nextWaiter(m, q, Q_GETTERS);
    if (waiter === -1) break;
    waiters.push(waiter);
  }
  if (status === STATUS_FULL && wait && records.next < count) enlist(m, q, Q_PUTTERS);
  unlockAndRingAll(m, q, waiters);
  return status;
}

/**
 * Takes up to `most` records, as many as `into` has room for, in one step of the lock. Returns how many, or a status as `take` does.
 * A record that is an error for its taker comes alone, so that the error loses no record taken with it. Those that
 * were taken in batches lie in `into.space`, or call `describeBatches`.
 */
export function takeMany(
  m: SharedMemory,
  q: Pointer,
  wait: boolean,
  into: ReceivedMany,
  most: number,
): number {
  const waiters: Slot[] = [];
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
  unlockAndRingAll(m, q, waiters);
  return count > 0 ? count : status;
}

/** Takes the next record into `into`. Returns EMPTY if the queue is empty; with `wait`, this interpreter will be rung when it is not. */
export function take(m: SharedMemory, q: Pointer, wait: boolean, into: Received): number {
  lock(m, q);
  let status = OK;
  let waiter = -1 as Slot;
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
  unlockAndRing(m, q, waiter);
  return status;
}

/** Withdraws a record, see `removeRecord`. Returns false if it is no longer there. */
export function removeFrom(
  m: SharedMemory,
  q: Pointer,
  sender: InterpreterId,
  key: number,
  place: Pointer,
): boolean {
  lock(m, q);
  const removed = removeRecord(m, q, sender, key, place);
  unlock(m, q);
  return removed;
}
