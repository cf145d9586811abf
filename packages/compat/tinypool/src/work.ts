/** Tasks and workers, which know each other. */
import { AsyncResource } from "node:async_hooks";
import { type AbortSignalAny, onAbort } from "../../shared/abort.cjs";
import { kQueueOptions, movables, type Task, type TinypoolChannel } from "./common.js";
import type { PoolRunner } from "./runner.js";

export interface TaskParts {
  readonly value: unknown;
  readonly transfer: readonly unknown[];
  readonly filename: string;
  readonly name: string;
  readonly signal: AbortSignalAny | null;
  readonly channel: TinypoolChannel | undefined;
}

/** The error of a task that was cancelled. */
export class CancelError extends Error {
  constructor() {
    super("The task has been cancelled");
  }
  override get name(): string {
    return "CancelError";
  }
}

/** A task, from `run` until its promise settles. The async resource is that of the caller. */
export class PoolTask extends AsyncResource implements Task {
  readonly filename: string;
  readonly name: string;
  readonly abortSignal: AbortSignalAny | null;
  readonly channel: TinypoolChannel | undefined;
  readonly transfer: readonly unknown[];
  readonly [kQueueOptions]: object | null;
  /** The task's value, until it is sent. */
  task: unknown;
  worker: PoolWorker | undefined;
  settled = false;
  readonly #callback: (this: undefined, failed: boolean, outcome: unknown) => void;
  #forgetSignal: (() => void) | undefined;

  constructor(
    { value, transfer, filename, name, signal, channel }: TaskParts,
    triggerAsyncId: number,
    callback: (failed: boolean, outcome: unknown) => void,
  ) {
    super("Tinypool.Task", { triggerAsyncId, requireManualDestroy: true });
    this.filename = filename;
    this.name = name;
    this.abortSignal = signal;
    this.channel = channel;
    this.#callback = callback;
    if (movables.isMovable(value)) {
      const moved = movables.unwrap(value);
      this.task = moved.value;
      this.transfer = [...new Set([...transfer, ...moved.transfer])];
    } else {
      this.task = value;
      this.transfer = transfer.length === 0 ? transfer : [...new Set(transfer)];
    }
    this[kQueueOptions] =
      typeof value === "object" && value !== null ? ((value as Partial<Task>)[kQueueOptions] ?? null) : null;
  }

  listen(listener: () => void): void {
    if (this.abortSignal !== null) this.#forgetSignal = onAbort(this.abortSignal, listener);
  }

  cancel(): void {
    this.settle(true, new CancelError());
  }

  /** Settles the promise of `run`. */
  settle(failed: boolean, outcome: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.task = undefined;
    this.emitDestroy();
    this.runInAsyncScope(this.#callback, undefined, failed, outcome);
    this.#forgetSignal?.();
  }
}

/** A worker, as the pool sees it. */
export class PoolWorker {
  readonly runner: PoolRunner;
  readonly workerId: number;
  /** No `Set`: minor collections of V8 do not free what has once been in one, as long as its first table lives. */
  readonly tasks: PoolTask[] = [];
  /** Whether it has served a task, and so has something to tear down. */
  hasRun = false;
  /** Whether the pool found it dead when a task was due, before the notice of its end. */
  diedIdle = false;
  /** Whether it ends after its tasks. */
  shouldRecycle = false;
  idleTimer: NodeJS.Timeout | undefined;

  constructor(runner: PoolRunner, workerId: number) {
    this.runner = runner;
    this.workerId = workerId;
  }

  get isRunningAbortableTask(): boolean {
    return this.tasks.length === 1 && this.tasks[0].abortSignal !== null;
  }
}
