/**
 * Putting into queues and taking from them, as functions over integers. The class `Queue` and every guest language stand on these.
 *
 * Each operation is one step of one lock, the putters' or the takers': it puts or takes, or puts this interpreter on the list of waiters
 * (waiters.ts). Then it picks the waiters of the other side that this lets go on, and rings them. queue-lifetime.ts creates, finds and frees queues.
 */
import { acquire, get, pause, peek, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import {
  C_FLAGS,
  C_HEAD,
  C_TAIL,
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
import { leave, release } from "../memory/lock.js";
import { lockChannel, putLockOf, unlockChannel } from "./channel-locks.js";
import { append, appendBatch, first } from "./channel.js";
import { removeRecord } from "./channel-removal.js";
import { lock } from "./fence.js";
import { type OutgoingMany, type OutgoingRecord, skipRecord } from "./outgoing.js";
import { putStatus, roomIn } from "./queue-state.js";
import { receive, receiveMany, type Received, type ReceivedMany } from "./receive.js";
import { delist, enlist, wakeGetter, wakeWaiters } from "./waiters.js";

/**
 * Puts one record (see `append`). Returns FULL if there is no room; with `wait`, this interpreter is then on the list of putters and
 * will be rung when there is. `each`: see `nextGetter`.
 */
export function put(m: SharedMemory, q: Pointer, wait: boolean, record: OutgoingRecord, each = true): number {
  const p = putLockOf(q);
  lock(m, p);
  let status = wait ? putStatusOrEnlist(m, q) : putStatus(m, q);
  if (status === OK) status = append(m, q, record);
  release(m, p);
  if (status === OK) wakeGetter(m, q, each);
  leave(m);
  return status;
}

/** As `putStatus`, but if it is FULL, this interpreter is on the list of putters. Under the putters' lock. */
function putStatusOrEnlist(m: SharedMemory, q: Pointer): number {
  let status = putStatus(m, q);
  if (status !== STATUS_FULL) return status;
  enlist(m, q, Q_PUTTERS);
  status = putStatus(m, q);
  // As for a getter that does not wait alone (`nextRecord`).
  if (status === STATUS_FULL || get(m, q + Q_PUTTERS) > 1) return STATUS_FULL;
  delist(m, q, Q_PUTTERS);
  return status;
}

/**
 * Puts the records from `records.next` on, as many as there is room for, in one step of the lock. Returns the reason why the next one
 * was not put, or OK if all were; with `wait` and FULL, this interpreter will be rung when there is room.
 */
export function putMany(m: SharedMemory, q: Pointer, wait: boolean, records: OutgoingMany): number {
  const { count, special, next: from } = records;
  const p = putLockOf(q);
  let specials = 0;
  while (specials < special.length && special[specials].index < from) specials++;
  lock(m, p);
  let status = putStatus(m, q);
  for (;;) {
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
    if (status !== STATUS_FULL || !wait || records.next === count) break;
    status = putStatusOrEnlist(m, q);
    if (status === STATUS_FULL) break;
  }
  release(m, p);
  if (records.next > from) wakeWaiters(m, q, Q_GETTERS, records.next - from);
  leave(m);
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
  lock(m, q);
  const next = nextRecord(m, q, wait);
  const count = next > 0 ? receiveMany(m, q, into, most) : next;
  release(m, q);
  if (count > 0) wakeWaiters(m, q, Q_PUTTERS, count);
  leave(m);
  return count;
}

/** Takes the next record into `into`. Returns EMPTY if the queue is empty; with `wait`, this interpreter will be rung when it is not. */
export function take(m: SharedMemory, q: Pointer, wait: boolean, into: Received): number {
  lock(m, q);
  const next = nextRecord(m, q, wait);
  if (next > 0) receive(m, q, next as Pointer, into);
  release(m, q);
  if (next > 0) wakeWaiters(m, q, Q_PUTTERS, 1);
  leave(m);
  return next > 0 ? OK : next;
}

/**
 * Returns OK if there is a record to take, or a status as `take` does. If it is EMPTY, this interpreter will be rung when the queue is not. For a
 * guest that waits first and takes afterwards.
 */
export function awaitRecord(m: SharedMemory, q: Pointer): number {
  lock(m, q);
  const next = nextRecord(m, q, true);
  release(m, q);
  leave(m);
  return next > 0 ? OK : next;
}

/** Returns OK if there is room for a record, or a status as `put` does. If it is FULL, this interpreter will be rung when there is room. */
export function awaitRoom(m: SharedMemory, q: Pointer): number {
  const p = putLockOf(q);
  lock(m, p);
  const status = putStatusOrEnlist(m, q);
  release(m, p);
  leave(m);
  return status;
}

/**
 * Returns the next record, or the status EMPTY, SHUT or NOT_FOUND. If it is EMPTY, with `wait`, this interpreter is on the list of getters. Under the
 * takers' lock.
 */
function nextRecord(m: SharedMemory, q: Pointer, wait: boolean): number {
  const flags = get(m, q + C_FLAGS);
  if ((flags & CHANNEL_CLOSED) !== 0) return STATUS_NOT_FOUND;
  let next = first(m, q);
  if (next !== 0) return next;
  if ((flags & CHANNEL_SHUT) !== 0) return STATUS_SHUT;
  if (!wait) return STATUS_EMPTY;
  enlist(m, q, Q_GETTERS);
  next = first(m, q);
  // While others wait, the record is theirs: the first of them found the queue empty after it had enlisted, so whoever put the record since
  // found a waiter on the list and wakes one, in turn.
  if (next === 0 || get(m, q + Q_GETTERS) > 1) return STATUS_EMPTY;
  delist(m, q, Q_GETTERS);
  return next;
}

/** How often to look for a record before a getter enlists, and how often to pause between two looks: a microsecond in all. */
const LOOKS = 12;
const APART = 16;

/** How often to pause once a record has come: another microsecond. */
const LINGER = 200;

/**
 * Looks for a record for a moment, without the lock, and returns whether there is one. A getter that is faster than the putter finds the queue
 * empty every few items: if it enlisted each time, the putter would have to wake it each time.
 *
 * Such a getter also takes the putter's cache lines away with every item. So if this thread has put nothing since it last looked, and nobody
 * can be waiting for its answer, it leaves the putter alone for a moment: several items are there then, and their lines move once.
 *
 * While others wait, it must enlist at once: the next record is theirs.
 */
export function lookForRecord(m: SharedMemory, q: Pointer): boolean {
  if (m.spins === 0) return false;
  const { puts } = m;
  const onlyGets = puts === m.putsBefore;
  m.putsBefore = puts;
  const head = peek(m, q + C_HEAD);
  for (let i = 0; i < LOOKS; i++) {
    for (let j = 0; j < APART; j++) pause(m);
    if (acquire(m, q + Q_GETTERS) !== 0) return false;
    if (acquire(m, q + C_TAIL) === head) continue;
    for (let j = 0; onlyGets && j < LINGER; j++) pause(m);
    return true;
  }
  return false;
}

/** Withdraws a record, see `removeRecord`. Returns false if it is no longer there. */
export function removeFrom(
  m: SharedMemory,
  q: Pointer,
  sender: InterpreterId,
  key: number,
  place: Pointer,
): boolean {
  lockChannel(m, q);
  const removed = removeRecord(m, q, sender, key, place);
  unlockChannel(m, q);
  return removed;
}
