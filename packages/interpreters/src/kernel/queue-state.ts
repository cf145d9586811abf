/** Reading a queue's state: its id, how many items it holds, and the status that a put would return now. */
import { ensureMapped, get, load, type SharedMemory } from "../memory/atomics.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import {
  C_COUNT,
  C_FLAGS,
  C_ID,
  C_MAXSIZE,
  CHANNEL_CLOSED,
  OK,
  PAGE_WORDS,
  STATUS_FULL,
  STATUS_NOT_FOUND,
  STATUS_SHUT,
} from "../memory/layout.js";

/** The queue's id, or -1 once it is closed. */
export function queueIdOf(m: SharedMemory, q: Pointer): QueueId {
  ensureMapped(m, q + PAGE_WORDS - 1);
  return load(m, q + C_ID) as QueueId;
}

/** How many items can be got. */
export function sizeOf(m: SharedMemory, q: Pointer): number {
  return load(m, q + C_COUNT);
}

/** How many more records may be put. Under the queue's lock. */
export function roomIn(m: SharedMemory, q: Pointer): number {
  const maxsize = get(m, q + C_MAXSIZE);
  return maxsize > 0 ? maxsize - get(m, q + C_COUNT) : 0x7fffffff;
}

/** The status that a put would return now: OK, FULL, SHUT or NOT_FOUND. Under the queue's lock. */
export function putStatus(m: SharedMemory, q: Pointer): number {
  const flags = get(m, q + C_FLAGS);
  if (flags !== 0) return (flags & CHANNEL_CLOSED) !== 0 ? STATUS_NOT_FOUND : STATUS_SHUT;
  const maxsize = get(m, q + C_MAXSIZE);
  return maxsize > 0 && get(m, q + C_COUNT) >= maxsize ? STATUS_FULL : OK;
}
