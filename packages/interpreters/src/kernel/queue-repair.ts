/** Repairing a queue after a death, and taking the dead off its lists. */
import { get, type SharedMemory } from "../memory/atomics.js";
import { clearBit } from "../memory/bitset.js";
import type { Owner, Pointer, Slot } from "../memory/brands.js";
import {
  C_COUNT,
  C_FLAGS,
  OK,
  Q_GET_WAITERS,
  Q_GETTERS,
  Q_HOLDERS,
  Q_PUT_WAITERS,
  Q_PUTTERS,
} from "../memory/layout.js";
import { repairChannel } from "./channel-repair.js";
import { putStatus } from "./queue-state.js";
import { forgetWorker, recountWaiters, ringWaiters } from "./waiters.js";

/** Restores what is derived. The lock is held in the name of the dead, whose slot is `dead`. */
export function repairQueue(m: SharedMemory, q: Pointer, dead: Slot): void {
  repairChannel(m, q, (dead + 1) as Owner);
  recountWaiters(m, q);
}

/**
 * The interpreter in slot `dead` was destroyed: it waits for nothing and holds nothing. Rings every waiter that can go on, because
 * the dead may have been the one that was rung. Under the queue's lock.
 */
export function leaveQueue(m: SharedMemory, q: Pointer, dead: Slot): void {
  clearBit(m, q + Q_HOLDERS, dead);
  stopWaitingFor(m, q, dead);
}

/** As `leaveQueue`, but the interpreter still holds the queue. Under the queue's lock. */
export function stopWaitingFor(m: SharedMemory, q: Pointer, dead: Slot): void {
  clearBit(m, q + Q_GET_WAITERS, dead);
  clearBit(m, q + Q_PUT_WAITERS, dead);
  forgetWorker(m, q, dead);
  recountWaiters(m, q);
  // The dead may have died closing the queue or shutting it down: then no wait can succeed any more.
  const over = get(m, q + C_FLAGS) !== 0;
  if (over || get(m, q + C_COUNT) > 0) ringWaiters(m, q, Q_GETTERS);
  if (over || putStatus(m, q) === OK) ringWaiters(m, q, Q_PUTTERS);
}
