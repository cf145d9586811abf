/** The set-up that an executor sends an interpreter that will serve its pool (WORK_SERVE), and the interpreter's state for it. */
import { pointerOf, type Queue } from "../queue/queue.js";
import { type Lanes, makeLanes, pollForWork } from "../kernel/lanes.js";
import type { SharedMemory } from "../memory/atomics.js";
import { AdaptiveSpin } from "../thread/adaptive-spin.js";

export interface PoolSetup {
  /** The queues of tasks, highest priority first. */
  readonly queues: readonly Queue[];
  /** Globals to bind first. */
  readonly shared: Record<string, unknown> | undefined;
  /** Arguments of the initializer. */
  readonly initargs: readonly unknown[];
  /** How many tasks to take; 0 means no limit. */
  readonly maxTasks: number;
  /** How many tasks to run at once: one that executes, and others that wait for their promises. */
  readonly concurrency: number;
}

/** The pool that an interpreter serves. */
export interface ServedPool {
  /** Kept reachable, because their handles hold the queues. */
  readonly queues: readonly Queue[];
  readonly lanes: Lanes;
  /** Polls before this thread parks: the lanes, too, unless every put rings this worker. */
  readonly spin: AdaptiveSpin;
  /** How many tasks may still be taken. */
  left: number;
  readonly concurrency: number;
}

export function servedPool(m: SharedMemory, { queues, maxTasks, concurrency }: PoolSetup): ServedPool {
  const left = maxTasks === 0 ? Infinity : maxTasks;
  const several = concurrency > 1;
  const lanes = makeLanes(queues.map(pointerOf), several);
  const spin = several
    ? new AdaptiveSpin(m)
    : new AdaptiveSpin(m, (_, seen, polls) => pollForWork(m, lanes, seen, polls));
  return { queues, lanes, spin, left, concurrency };
}
