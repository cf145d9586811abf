import type { PiscinaHistogramSummary } from "./histogram";
import type { kWorker } from "./symbols";
import type { PiscinaTask } from "./task-queues";

/** A load balancer's view of a worker. */
export interface PiscinaWorker {
  readonly id: number;
  /** Tasks that it runs; Infinity if that is one that can be aborted, and which it shares with no other. */
  readonly currentUsage: number;
  readonly isRunningAbortableTask: boolean;
  /** Null without the option `workerHistogram`. */
  readonly histogram: PiscinaHistogramSummary | null;
  readonly terminating: boolean;
  readonly destroyed: boolean;
  readonly [kWorker]: object;
}

/** Chooses the worker of a task. Null: none of them; the task waits, for a new worker if there may be one. */
export type PiscinaLoadBalancer = (task: PiscinaTask, workers: PiscinaWorker[]) => PiscinaWorker | null;
