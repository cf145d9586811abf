/** The integer layers, transformed: what the threads of a scenario call, with `yield*`. */
import { transformed } from "./transform.js";

export const { lock, unlock, LockBusy } =
  await transformed<typeof import("../../src/memory/lock.js")>("memory/lock.js");
export const { allocatePages, freePages, setPageOwner, shrinkPages, sweepPages } =
  await transformed<typeof import("../../src/memory/page-allocator.js")>("memory/page-allocator.js");
export const { markSleeping, observe, park, ring, sleep } =
  await transformed<typeof import("../../src/memory/doorbell.js")>("memory/doorbell.js");
export const records = await transformed<typeof import("../../src/kernel/records.js")>("kernel/records.js");
/** The operations of queues: state, life, putting and taking, waiting. */
export const queues = {
  ...(await transformed<typeof import("../../src/kernel/queue-state.js")>("kernel/queue-state.js")),
  ...(await transformed<typeof import("../../src/kernel/queue-lifetime.js")>("kernel/queue-lifetime.js")),
  ...(await transformed<typeof import("../../src/kernel/queues.js")>("kernel/queues.js")),
  ...(await transformed<typeof import("../../src/kernel/waiters.js")>("kernel/waiters.js")),
};
export const mailbox = await transformed<typeof import("../../src/kernel/mailbox.js")>("kernel/mailbox.js");
export const runs =
  await transformed<typeof import("../../src/kernel/executions.js")>("kernel/executions.js");
export const lanes = await transformed<typeof import("../../src/kernel/lanes.js")>("kernel/lanes.js");
export const spare = await transformed<typeof import("../../src/kernel/standby.js")>("kernel/standby.js");
export const registry =
  await transformed<typeof import("../../src/kernel/registry.js")>("kernel/registry.js");
export const asleep = await transformed<typeof import("../../src/kernel/asleep.js")>("kernel/asleep.js");
export const deadlock =
  await transformed<typeof import("../../src/kernel/deadlock.js")>("kernel/deadlock.js");
/** The operations of synchronization objects. */
export const sync = {
  ...(await transformed<typeof import("../../src/kernel/mutex.js")>("kernel/mutex.js")),
  ...(await transformed<typeof import("../../src/kernel/events.js")>("kernel/events.js")),
  ...(await transformed<typeof import("../../src/kernel/semaphores.js")>("kernel/semaphores.js")),
  ...(await transformed<typeof import("../../src/kernel/conditions.js")>("kernel/conditions.js")),
  ...(await transformed<typeof import("../../src/kernel/barriers.js")>("kernel/barriers.js")),
  ...(await transformed<typeof import("../../src/kernel/sync-objects.js")>("kernel/sync-objects.js")),
};
export const { reconcileReferences } =
  await transformed<typeof import("../../src/kernel/reconcile.js")>("kernel/reconcile.js");
export const { fence, isStill } =
  await transformed<typeof import("../../src/kernel/fence.js")>("kernel/fence.js");
export const { reap, repairLocks, unpoison, withdraw } =
  await transformed<typeof import("../../src/kernel/reap.js")>("kernel/reap.js");
export const { readAddonTable, replaceAddonTable } =
  await transformed<typeof import("../../src/kernel/addon-table.js")>("kernel/addon-table.js");
