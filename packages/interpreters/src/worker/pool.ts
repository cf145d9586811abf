/** What an executor tells an interpreter that is to serve its pool (WORK_SERVE), and what that one makes of it. */
import { pointerOf, type Queue } from "../queue/queue.js";
import { type Lanes, makeLanes } from "../kernel/lanes.js";

export interface PoolSetup {
  /** The queues of tasks, highest priority first. */
  readonly queues: readonly Queue[];
  /** Globals to bind before anything else. */
  readonly shared: Record<string, unknown> | undefined;
  /** Arguments of the initializer. */
  readonly initargs: readonly unknown[];
  /** How many tasks to take; 0: no limit. */
  readonly maxTasks: number;
  /** How many to run at once, each but one of them waiting for something. */
  readonly concurrency: number;
}

/** The pool that an interpreter serves. */
export interface ServedPool {
  /** Their handles keep them. */
  readonly queues: readonly Queue[];
  readonly lanes: Lanes;
  /** How many tasks may still be taken. */
  left: number;
  readonly concurrency: number;
}

export function servedPool({ queues, maxTasks, concurrency }: PoolSetup): ServedPool {
  const left = maxTasks === 0 ? Infinity : maxTasks;
  return { queues, lanes: makeLanes(queues.map(pointerOf)), left, concurrency };
}
