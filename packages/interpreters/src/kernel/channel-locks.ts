/**
 * The two locks of a channel: those who put take one, those who take the other, so that they do not wait for each other and do not
 * fetch the other's cache line for the lock. An operation on the whole channel takes both, the putters' first.
 */
import type { SharedMemory } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import { C_PUT_LOCK } from "../memory/layout.js";
import { unlock } from "../memory/lock.js";
import { lock } from "./fence.js";

/** The lock of those who put. The channel's own pointer is the lock of those who take. */
export function putLockOf(c: Pointer): Pointer {
  return (c + C_PUT_LOCK) as Pointer;
}

/** Takes both locks. */
export function lockChannel(m: SharedMemory, c: Pointer): void {
  lock(m, putLockOf(c));
  lock(m, c);
}

export function unlockChannel(m: SharedMemory, c: Pointer): void {
  unlock(m, c);
  unlock(m, putLockOf(c));
}
