/** What an executor tells an interpreter that is to serve its pool (WORK_SERVE), and what that one makes of it. */
import { pointerOf, type Queue } from "../queue/queue.js";
import { type Lanes, makeLanes } from "./lanes.js";

export interface PoolSetup {
  /** The queues of tasks, highest priority first. */
  readonly queues: readonly Queue[];
  /** Globals to bind before anything else. */
  readonly shared: Record<string, unknown> | undefined;
  /** Arguments of the initializer. */
  readonly initargs: readonly unknown[];
}

/** The pool that an interpreter serves. */
export interface ServedPool {
  /** Their handles keep them. */
  readonly queues: readonly Queue[];
  readonly lanes: Lanes;
}

export function servedPool({ queues }: PoolSetup): ServedPool {
  return { queues, lanes: makeLanes(queues.map(pointerOf)) };
}
