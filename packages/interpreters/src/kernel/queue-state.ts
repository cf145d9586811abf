/** Reading a queue's state: its id, how many items it holds, and the status that a put would return now. */
import { acquire, ensureMapped, get, load, peek, set, type SharedMemory, store } from "../memory/atomics.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import {
  C_FLAGS,
  C_HEAD,
  C_ID,
  C_KNOWN_TAKEN,
  C_MAXSIZE,
  C_PUT,
  C_TAIL,
  C_TAKEN,
  CHANNEL_CLOSED,
  OK,
  PAGE_WORDS,
  Q_AT_YIELD,
  STATUS_FULL,
  STATUS_NOT_FOUND,
  STATUS_SHUT,
} from "../memory/layout.js";

/** The queue's id, or -1 once it is closed. */
export function queueIdOf(m: SharedMemory, q: Pointer): QueueId {
  ensureMapped(m, q + PAGE_WORDS - 1);
  return load(m, q + C_ID) as QueueId;
}

/**
 * How many records can be taken. Exact under both locks. Without them, records that are put and taken at this moment count or not; C_PUT is
 * read first, so the result is never above the maximum size.
 */
export function sizeOf(m: SharedMemory, c: Pointer): number {
  const put = load(m, c + C_PUT);
  return Math.max(0, (put - load(m, c + C_TAKEN)) | 0);
}

/** How many more records may be put, at least. Under the putters' lock: takers may make more room at any moment, and none makes less. */
export function roomIn(m: SharedMemory, q: Pointer): number {
  const maxsize = get(m, q + C_MAXSIZE);
  if (maxsize <= 0) return 0x7fffffff;
  const put = get(m, q + C_PUT);
  const known = maxsize - ((put - get(m, q + C_KNOWN_TAKEN)) | 0);
  if (known > 0) return known;
  const taken = acquire(m, q + C_TAKEN);
  set(m, q + C_KNOWN_TAKEN, taken);
  return maxsize - ((put - taken) | 0);
}

/** Whether the queue takes no more items. */
export function isShut(m: SharedMemory, q: Pointer): boolean {
  return load(m, q + C_FLAGS) !== 0;
}

/** Whether a taker that looks now would not find the queue empty. Without a lock: removed records may still count. */
export function seemsToHaveRecord(m: SharedMemory, q: Pointer): boolean {
  return acquire(m, q + C_TAIL) !== peek(m, q + C_HEAD) || acquire(m, q + C_FLAGS) !== 0;
}

/** Whether a putter that tries now would not find the queue full. Without a lock. */
export function seemsToHaveRoom(m: SharedMemory, q: Pointer): boolean {
  const put = peek(m, q + C_PUT);
  return ((put - acquire(m, q + C_TAKEN)) | 0) < get(m, q + C_MAXSIZE) || acquire(m, q + C_FLAGS) !== 0;
}

/** The status that a put would return now: OK, FULL, SHUT or NOT_FOUND. Under the putters' lock. */
export function putStatus(m: SharedMemory, q: Pointer): number {
  const flags = get(m, q + C_FLAGS);
  if (flags !== 0) return (flags & CHANNEL_CLOSED) !== 0 ? STATUS_NOT_FOUND : STATUS_SHUT;
  return roomIn(m, q) > 0 ? OK : STATUS_FULL;
}

/**
 * The generator that fills the queue waits at its `yield` from now on, or goes on. Whoever holds the queue may ask at any time. Needs no fence: the
 * end of the iteration is what its consumer believes, whatever this says.
 */
export function setAtYield(m: SharedMemory, q: Pointer, waits: boolean): void {
  store(m, q + Q_AT_YIELD, waits ? 1 : 0);
}

/** Whether the generator that fills the queue waits at its `yield`. */
export function isAtYield(m: SharedMemory, q: Pointer): boolean {
  return load(m, q + Q_AT_YIELD) !== 0;
}
