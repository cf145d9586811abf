/** Taking the dead off the lists of a queue, or of a synchronization object. */
import { get, type SharedMemory } from "../memory/atomics.js";
import { clearBit } from "../memory/bitset.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import {
  C_FLAGS,
  OK,
  Q_GET_WAITERS,
  Q_GETTERS,
  Q_HOLDERS,
  Q_KIND,
  Q_PUT_WAITERS,
  Q_PUTTERS,
  S_ID,
  slotPointer,
} from "../memory/layout.js";
import { putStatus, sizeOf } from "./queue-state.js";
import { abandonSync, leaveSync, settleSync } from "./sync-objects.js";
import { forgetWorker, recountWaiters, ringWaiters } from "./waiters.js";

/**
 * The interpreter in slot `dead` was destroyed: it waits for nothing and holds nothing. Rings every waiter that can go on, because
 * the dead may have been the one that was rung. Under both locks.
 */
export function leaveQueue(m: SharedMemory, q: Pointer, dead: Slot): void {
  clearBit(m, q + Q_HOLDERS, dead);
  stopWaitingFor(m, q, dead);
  if (get(m, q + Q_KIND) !== 0) abandonSync(m, q, dead, get(m, slotPointer(dead) + S_ID) as InterpreterId);
}

/** As `leaveQueue`, but the interpreter still holds the queue. Under both locks. */
export function stopWaitingFor(m: SharedMemory, q: Pointer, dead: Slot): void {
  if (get(m, q + Q_KIND) !== 0) {
    leaveSync(m, q, dead);
    return;
  }
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

/** The holder of the takers' lock died, or was unwound: restores the list of getters, and all of a synchronization object. */
export function repairGetters(m: SharedMemory, q: Pointer): void {
  if (get(m, q + Q_KIND) !== 0) settleSync(m, q);
  else recountWaiters(m, q, Q_GETTERS);
}
