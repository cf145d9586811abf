import type { PoolRunner } from "./runner.js";
import type { PoolTask } from "./task.js";

/** A worker, as the pool sees it. */
export class PoolWorker {
  readonly runner: PoolRunner;
  readonly workerId: number;
  readonly tasks = new Set<PoolTask>();
  /** Whether it has served a task, and so has something to tear down. */
  hasRun = false;
  /** Whether it ends after its tasks. */
  shouldRecycle = false;
  idleTimer: NodeJS.Timeout | undefined;

  constructor(runner: PoolRunner, workerId: number) {
    this.runner = runner;
    this.workerId = workerId;
  }

  get isRunningAbortableTask(): boolean {
    if (this.tasks.size !== 1) return false;
    const [task] = this.tasks;
    return task.abortSignal !== null;
  }
}
