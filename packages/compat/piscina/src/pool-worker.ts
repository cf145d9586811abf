import type { PoolThread } from "../../shared/pool-thread.cjs";
import { Durations } from "./histogram";
import type { PiscinaWorker } from "./load-balancer";
import { kWorker } from "./symbols";
import type { PoolTask } from "./task";

/** A worker, as the pool sees it. */
export class PoolWorker {
  readonly thread: PoolThread;
  /** The tasks that it has, in the order in which it got them. */
  readonly tasks = new Set<PoolTask>();
  readonly histogram: Durations | undefined;
  /** How many of the tasks were posted ahead. */
  ahead = 0;
  isReady = false;
  /** Whether the event `workerCreate` was emitted for it. */
  isAnnounced = false;
  terminating = false;
  destroyed = false;
  /** When it last began or ended a task, as far as the pool knows. */
  lastChange = performance.now();
  idleTimer: NodeJS.Timeout | undefined;
  #view: PiscinaWorker | undefined;

  constructor(thread: PoolThread, withHistogram: boolean) {
    this.thread = thread;
    this.histogram = withHistogram ? new Durations() : undefined;
  }

  /** How many tasks it runs. */
  get running(): number {
    return this.tasks.size - this.ahead;
  }

  /** An abortable task has its worker for itself, for aborting it stops the worker. */
  get isRunningAbortableTask(): boolean {
    if (this.tasks.size !== 1) return false;
    const [task] = this.tasks;
    return task.isAbortable;
  }

  get currentUsage(): number {
    return this.isRunningAbortableTask ? Infinity : this.running;
  }

  /** What a load balancer and the events see of it. */
  get view(): PiscinaWorker {
    this.#view ??= viewOf(this);
    return this.#view;
  }
}

function viewOf(worker: PoolWorker): PiscinaWorker {
  return {
    get id() {
      return worker.thread.threadId;
    },
    get currentUsage() {
      return worker.currentUsage;
    },
    get isRunningAbortableTask() {
      return worker.isRunningAbortableTask;
    },
    get histogram() {
      return worker.histogram?.summary ?? null;
    },
    get terminating() {
      return worker.terminating;
    },
    get destroyed() {
      return worker.destroyed;
    },
    [kWorker]: worker,
  };
}
