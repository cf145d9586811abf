/** Tasks and workers, which know each other. */
import { AsyncResource } from "node:async_hooks";
import { type AbortSignalAny, onAbort } from "../../shared/abort.cjs";
import type { PoolThread } from "../../shared/pool-thread.cjs";
import { movables } from "./common";
import { Durations } from "./histogram";
import type { PiscinaWorker } from "./load-balancer";
import { kQueueOptions, kWorker } from "./symbols";
import type { PiscinaTask } from "./task-queues";

/** One try to have a worker run the task. A task that is withdrawn from its worker gets another. */
export interface Posting {
  readonly worker: PoolWorker;
  /** Of a task that was posted ahead, else 0 (claims.ts). */
  readonly claim: number;
  /** Whether the worker still has other work, as far as the pool knows. */
  ahead: boolean;
}

export type Submission = Omit<TaskParts, "isFirst">;

export interface TaskParts {
  readonly value: unknown;
  readonly transfer: readonly unknown[] | undefined;
  readonly filename: string;
  readonly name: string;
  readonly signal: AbortSignalAny | null;
  /** Whether the workers loaded its file and function at their start. */
  readonly isFirst: boolean;
}

let ids = 0;

/** A task, from `run` until its promise settles. The async resource is that of the caller. */
export class PoolTask extends AsyncResource implements PiscinaTask {
  readonly taskId = ids++;
  readonly created = performance.now();
  readonly filename: string;
  readonly name: string;
  readonly abortSignal: AbortSignalAny | null;
  readonly isFirst: boolean;
  readonly transfer: readonly unknown[] | undefined;
  readonly [kQueueOptions]: object | null;
  /** The task's value. Dropped as soon as it cannot be sent again. */
  task: unknown;
  started = 0;
  posting: Posting | undefined;
  settled = false;
  readonly #callback: (this: undefined, failed: boolean, outcome: unknown) => void;
  #forgetSignal: (() => void) | undefined;

  constructor(
    { value, transfer, filename, name, signal, isFirst }: TaskParts,
    triggerAsyncId: number,
    callback: (failed: boolean, outcome: unknown) => void,
  ) {
    super("Piscina.Task", { triggerAsyncId, requireManualDestroy: true });
    this.filename = filename;
    this.name = name;
    this.abortSignal = signal;
    this.isFirst = isFirst;
    this.#callback = callback;
    if (typeof value !== "object" || value === null) {
      this.task = value;
      this.transfer = transfer;
      this[kQueueOptions] = null;
      return;
    }
    this[kQueueOptions] = (value as Partial<PiscinaTask>)[kQueueOptions] ?? null;
    if (movables.isMovable(value)) {
      const moved = movables.unwrap(value);
      this.task = moved.value;
      this.transfer = [...new Set([...(transfer ?? []), ...moved.transfer])];
    } else {
      this.task = value;
      this.transfer = transfer;
    }
  }

  get isAbortable(): boolean {
    return this.abortSignal !== null;
  }

  /** Whether it may be sent twice, and share its worker. */
  get isPlain(): boolean {
    return this.abortSignal === null && (this.transfer === undefined || this.transfer.length === 0);
  }

  /** A load balancer's view of it. */
  get interface(): PiscinaTask {
    const { taskId, filename, name, created, isAbortable } = this;
    return { taskId, filename, name, created, isAbortable, [kQueueOptions]: this[kQueueOptions] };
  }

  listen(listener: () => void): void {
    if (this.abortSignal !== null) this.#forgetSignal = onAbort(this.abortSignal, listener);
  }

  /** Settles the promise of `run`. */
  settle(failed: boolean, outcome: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.posting = undefined;
    this.task = undefined;
    this.runInAsyncScope(this.#callback, undefined, failed, outcome);
    this.emitDestroy();
    this.#forgetSignal?.();
  }
}

/** A worker, as the pool sees it. */
export class PoolWorker {
  readonly thread: PoolThread;
  /**
   * The tasks that it has, in the order in which it got them. No `Set`: minor collections of V8 do not free what has once been in one, as long as its
   * first table lives.
   */
  readonly tasks: PoolTask[] = [];
  readonly histogram: Durations | undefined;
  /** How many of the tasks were posted ahead. */
  ahead = 0;
  isReady = false;
  /** Whether the event `workerCreate` was emitted for it. */
  isAnnounced = false;
  /** Whether the pool found it dead when a task was due, before the notice of its end. */
  diedIdle = false;
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
    return this.tasks.length - this.ahead;
  }

  /** An abortable task has its worker for itself, for aborting it stops the worker. */
  get isRunningAbortableTask(): boolean {
    return this.tasks.length === 1 && this.tasks[0].isAbortable;
  }

  get currentUsage(): number {
    return this.isRunningAbortableTask ? Infinity : this.running;
  }

  /** The view of it that a load balancer and listeners get. */
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
