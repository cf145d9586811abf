/** Taking the dead off a queue's lists. */
import { get, type SharedMemory } from "../memory/atomics.js";
import { clearBit } from "../memory/bitset.js";
import type { Pointer, Slot } from "../memory/brands.js";
import {
  C_FLAGS,
  OK,
  Q_GET_WAITERS,
  Q_GETTERS,
  Q_HOLDERS,
  Q_PUT_WAITERS,
  Q_PUTTERS,
} from "../memory/layout.js";
import { putStatus, sizeOf } from "./queue-state.js";
import { forgetWorker, recountWaiters, ringWaiters } from "./waiters.js";

/**
 * The interpreter in slot `dead` was destroyed: it waits for nothing and holds nothing. Rings every waiter that can go on, because
 * the dead may have been the one that was rung. Under both locks.
 */
export function leaveQueue(m: SharedMemory, q: Pointer, dead: Slot): void {
  clearBit(m, q + Q_HOLDERS, dead);
  stopWaitingFor(m, q, dead);
}

/** As `leaveQueue`, but the interpreter still holds the queue. Under both locks. */
export function stopWaitingFor(m: SharedMemory, q: Pointer, dead: Slot): void {
  clearBit(m, q + Q_GET_WAITERS, dead);
  clearBit(m, q + Q_PUT_WAITERS, dead);
  forgetWorker(m, q, dead);
  recountWaiters(m, q, Q_GETTERS);
  recountWaiters(m, q, Q_PUTTERS);
  // The dead may have died closing the queue or shutting it down: then no wait can succeed any more.
  const over = get(m, q + C_FLAGS) !== 0;
  if (over || sizeOf(m, q) > 0) ringWaiters(m, q, Q_GETTERS);
  if (over || putStatus(m, q) === OK) ringWaiters(m, q, Q_PUTTERS);
}
