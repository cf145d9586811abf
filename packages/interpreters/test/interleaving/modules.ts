/** The integer layers, transformed: what the threads of a scenario call, with `yield*`. */
import { transformed } from "./transform.js";

export const { lock, unlock, LockBusy } =
  await transformed<typeof import("../../src/memory/lock.js")>("memory/lock.js");
export const { allocatePages, freePages, setPageOwner, shrinkPages, sweepPages } =
  await transformed<typeof import("../../src/memory/pages.js")>("memory/pages.js");
export const { bell, ring, sleep } =
  await transformed<typeof import("../../src/memory/bell.js")>("memory/bell.js");
export const channel = await transformed<typeof import("../../src/queue/channel.js")>("queue/channel.js");
export const queues = await transformed<typeof import("../../src/queue/queues.js")>("queue/queues.js");
export const mailbox =
  await transformed<typeof import("../../src/interpreter/mailbox.js")>("interpreter/mailbox.js");
export const runs = await transformed<typeof import("../../src/interpreter/runs.js")>("interpreter/runs.js");
export const lanes =
  await transformed<typeof import("../../src/interpreter/lanes.js")>("interpreter/lanes.js");
export const spare =
  await transformed<typeof import("../../src/interpreter/spare.js")>("interpreter/spare.js");
export const registry =
  await transformed<typeof import("../../src/interpreter/registry.js")>("interpreter/registry.js");
export const { recountReferences } =
  await transformed<typeof import("../../src/supervisor/recount.js")>("supervisor/recount.js");
export const { bury, repairLocks } =
  await transformed<typeof import("../../src/supervisor/repair.js")>("supervisor/repair.js");
export const { readBlock, replaceBlock } =
  await transformed<typeof import("../../src/addons/block.js")>("addons/block.js");
