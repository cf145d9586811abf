/**
 * The queues that a guest of this thread holds by their ids alone, without an object of the class `Queue` (core.ts).
 *
 * The thread's one bit in the queue's set of holders stands for the guest's handles and for the object. So whichever goes last gives it
 * back, and all waiters of the thread for one queue are in one pair of lists.
 */
import { HandleTable } from "../base/handle-table.js";
import { queueIdOf } from "../kernel/queue-state.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import { ANYONE_GETS, ANYONE_PUTS, Q_GETTERS, Q_PUTTERS } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { releaseHandle } from "../thread/supervisor-client.js";
import { AnyoneWait } from "../thread/waits.js";
import { WaitQueue } from "./wait-queue.js";

/** The waiters of this thread for one queue. */
export interface Waits {
  readonly getting: WaitQueue;
  readonly putting: WaitQueue;
}

export function makeWaits(rt: Runtime, pointer: Pointer): Waits {
  return {
    getting: new WaitQueue(rt, pointer, Q_GETTERS, undefined, waitFor("get from", ANYONE_GETS)),
    putting: new WaitQueue(rt, pointer, Q_PUTTERS, undefined, waitFor("put into", ANYONE_PUTS)),
  };

  function waitFor(verb: string, kind: number): AnyoneWait {
    return new AnyoneWait(rt, () => `${verb} queue ${queueIdOf(rt.m, pointer)}`, kind, pointer);
  }
}

/** A queue that the guest holds `count` times. */
export interface HeldQueue extends Waits {
  readonly id: QueueId;
  readonly pointer: Pointer;
  count: number;
}

export const heldQueues = new Map<number, HeldQueue>();

export interface QueueBinding {
  readonly pointer: Pointer;
  readonly id: QueueId;
}

/** The objects of the class `Queue`. */
export const handles = new HandleTable<object, QueueBinding>(({ pointer, id }) => {
  if (!heldQueues.has(id)) releaseHandle(runtime(), pointer, false);
});
