/**
 * From a death to a free slot.
 *
 * Invariants: each step may be repeated, because a busy lock anywhere makes all of them start again. The slot becomes free last,
 * when every living interpreter has its notice; until then it keeps the id (`isBeingReaped`), and no interpreter can claim it.
 */
import type { SharedMemory } from "../memory/atomics.js";
import { recordDeath } from "../kernel/death-records.js";
import { fence, isStill } from "../kernel/fence.js";
import { reap, repairLocks, withdraw } from "../kernel/reap.js";
import { freeSlot } from "../kernel/registry.js";
import { reasonNumber } from "../wire/protocol.js";
import type { Death } from "./deaths.js";
import { interruptedWorkOf } from "./interrupted-work.js";
import { printDeath, sendNotices } from "./notices.js";
import type { Parts } from "./parts.js";

/**
 * Withdraws an interpreter that is terminated: to all others it has ended, whatever its thread does, and callers get their outcomes. Returns
 * false, and has done nothing, while the thread is in an operation. Throws LockBusy if a lock is busy, or a notice finds no memory.
 */
export function withdrawDeath(m: SharedMemory, death: Death, { deadlines, observing }: Parts): boolean {
  const { slot, reason } = death;
  if (!isStill(m, slot)) return false;
  deadlines.clear(slot);
  record(m, death);
  // Its executions are closed, so nothing joins the list.
  if (death.interrupted === undefined) observing.observer?.died(death);
  const interrupted = (death.interrupted ??= interruptedWorkOf(m, slot, reason, death.stopped));
  withdraw(m, slot);
  sendNotices(m, death, interrupted);
  death.withdrawn = true;
  return true;
}

/** Reaps one interpreter. Throws LockBusy if a lock is busy, or a notice finds no memory. */
export function reapDeath(m: SharedMemory, death: Death, parts: Parts): void {
  const { buffers, collector, deadlines, observing } = parts;
  const { slot, id, reason } = death;
  // A runtime that reports the end a moment too early does no harm.
  fence(m, slot);
  deadlines.clear(slot);
  record(m, death);
  // This also decides which work it had taken; work that it was about to take is not interrupted.
  repairLocks(m, slot);
  if (death.interrupted === undefined) observing.observer?.died(death);
  const interrupted = (death.interrupted ??= interruptedWorkOf(m, slot, reason, death.stopped));
  if (!reap(m, slot)) collector.mustReconcile = true;
  // Without interrupted work, no caller is there to get the error.
  if (reason === "boot" || (reason === "uncaught-exception" && interrupted.length === 0)) {
    if (death.printed !== true) printDeath(death);
    death.printed = true;
  }
  if (death.withdrawn !== true) sendNotices(m, death, interrupted);
  buffers.closePort(id);
  freeSlot(m, slot);
  collector.mustCollect = true;
}

function record(m: SharedMemory, { id, reason, exitCode }: Death): void {
  recordDeath(m, id, { reason: reasonNumber(reason), exitCode });
}
