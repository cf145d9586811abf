/**
 * The scheduler: which worker gets which task, and when workers start and end.
 *
 * A worker of isolated tasks is replaced after each. While it runs one and others wait, its successor starts if a processor is left for that: the next
 * task then finds a worker that has loaded its file. A successor has its predecessor's id, and counts as a worker from the moment on at which it takes
 * the place.
 */
import { availableParallelism } from "node:os";
import { isAborted, type AbortSignalAny } from "../../shared/abort.cjs";
import { removeFrom } from "../../shared/task-queue.cjs";
import type { FilledOptions, Options } from "./options.js";
import { ProcessWorker } from "./process-worker.js";
import type { PoolRunner } from "./runner.js";
import { ThreadWorker } from "./thread-worker.js";
import { PoolTask, PoolWorker, type TaskParts } from "./work.js";

/** The parts of the public face that the pool needs. */
export interface Face {
  emit(event: string, ...args: unknown[]): boolean;
  listenerCount(event: string): number;
  emitDestroy(): void;
  readonly asyncResource: { asyncId(): number };
}

class AbortError extends Error {
  constructor(signal: AbortSignalAny) {
    super("The task has been aborted", "reason" in signal ? { cause: signal.reason } : undefined);
  }
  override get name(): string {
    return "AbortError";
  }
}
const threadTermination = (): Error => new Error("Terminating worker thread");

export class Pool {
  readonly options: FilledOptions;
  readonly workers = new Set<PoolWorker>();
  readonly start = performance.now();
  completed = 0;
  readonly #face: Face;
  /** By their ids. */
  readonly #successors = new Map<number, PoolWorker>();
  readonly #mostSuccessors: number;
  #isEnding = false;

  constructor(face: Face, options: FilledOptions) {
    this.#face = face;
    this.options = options;
    this.#mostSuccessors = options.isolateWorkers ? availableParallelism() - options.maxThreads : 0;
    this.#ensureMinimum();
  }

  #ensureMinimum(): void {
    while (!this.#isEnding && this.workers.size < this.options.minThreads) this.#add();
  }

  /** The smallest id that no worker has. A new worker has that of one that is gone. */
  #freeId(): number {
    const used = new Set([...this.workers].map(({ workerId }) => workerId));
    let id = 1;
    while (used.has(id)) id++;
    return id;
  }

  #add(): PoolWorker {
    const workerId = this.#freeId();
    const successor = this.#successors.get(workerId);
    this.#successors.delete(workerId);
    const worker = successor?.runner.isThere === true ? successor : this.#make(workerId);
    this.workers.add(worker);
    return worker;
  }

  #make(workerId: number): PoolWorker {
    const { options } = this;
    const start = {
      env: options.env,
      argv: options.argv,
      execArgv: options.execArgv,
      resourceLimits: options.resourceLimits,
      workerData: options.workerData as unknown,
      concurrency: options.concurrentTasksPerWorker,
      workerId,
      filename: options.filename,
      name: options.name,
    };
    const runner: PoolRunner =
      options.runtime === "child_process"
        ? new ProcessWorker({ ...start, serialization: options.serialization })
        : new ThreadWorker({ ...start, measures: options.maxMemoryLimitBeforeRecycle !== undefined });
    const worker = new PoolWorker(runner, workerId);
    runner.on("ended", (error: unknown) => this.#ended(worker, error));
    return worker;
  }

  /** Starts successors of workers that run an isolated task while others wait. */
  #prepareSuccessors(): void {
    const { taskQueue, runtime } = this.options;
    if (this.#mostSuccessors <= 0 || runtime !== "worker_threads" || this.#isEnding) return;
    const most = Math.min(this.#mostSuccessors, taskQueue.size);
    for (const { workerId, tasks } of this.workers) {
      if (this.#successors.size >= most) return;
      if (tasks.length === 0 || this.#successors.has(workerId)) continue;
      this.#successors.set(workerId, this.#make(workerId));
    }
  }

  /** Stops the successors whose places stay empty, or all. */
  async #dropSuccessors(all = false): Promise<void> {
    const ids = new Set(all ? [] : [...this.workers].map(({ workerId }) => workerId));
    const dropped = [...this.#successors.values()].filter(({ workerId }) => !ids.has(workerId));
    for (const { workerId } of dropped) this.#successors.delete(workerId);
    await Promise.all(dropped.map(({ runner }) => runner.terminate()));
  }

  /** Workers have ended: fills their places as far as that is needed. */
  #refill(): void {
    this.#ensureMinimum();
    this.#distribute();
    void this.#dropSuccessors();
  }

  submit(parts: TaskParts): Promise<unknown> {
    const { signal } = parts;
    if (signal !== null && isAborted(signal)) throw new AbortError(signal);
    return new Promise((resolve, reject) => {
      const task = new PoolTask(parts, this.#face.asyncResource.asyncId(), (failed, outcome) => {
        this.completed++;
        if (failed) reject(outcome);
        const { worker } = task;
        if (worker === undefined || !this.#mustRecycle(worker)) {
          resolve(outcome);
          return;
        }
        // The result of an isolated task is there when its worker has ended.
        this.#recycle(worker).then(
          () => resolve(outcome),
          (error: unknown) => reject(error),
        );
      });
      task.listen(() => this.#abort(task));
      this.#enter(task);
    });
  }

  #enter(task: PoolTask): void {
    const { taskQueue, maxQueue } = this.options;
    if (taskQueue.size === 0) {
      const worker = this.#workerFor(task);
      if (worker !== undefined) {
        this.#post(worker, task);
        return;
      }
    }
    if (taskQueue.size >= maxQueue) {
      const message =
        maxQueue === 0 ? "No task queue available and all Workers are busy" : "Task queue is at limit";
      task.settle(true, new Error(message));
      return;
    }
    taskQueue.push(task);
    this.#prepareSuccessors();
  }

  /** The least busy worker with room for the task, a new one if none is idle and there may be another. */
  #workerFor(task: PoolTask): PoolWorker | undefined {
    const { concurrentTasksPerWorker, maxThreads } = this.options;
    let [found, usage] = [undefined as PoolWorker | undefined, concurrentTasksPerWorker];
    for (const worker of this.workers) {
      const { length: size } = worker.tasks;
      if (worker.shouldRecycle) continue;
      if (size === 0) {
        if (worker.runner.isThere) return worker;
        // The notice of its end is still to come. It must not get a task.
        worker.diedIdle = true;
        this.workers.delete(worker);
        continue;
      }
      if (task.abortSignal === null && size < usage && !worker.isRunningAbortableTask) {
        [found, usage] = [worker, size];
      }
    }
    return this.workers.size < maxThreads ? this.#add() : found;
  }

  #distribute(): void {
    const { taskQueue } = this.options;
    while (!this.#isEnding && taskQueue.size > 0) {
      const task = taskQueue.shift() as PoolTask | null;
      if (task === null) return;
      if (task.settled) continue;
      const worker = this.#workerFor(task);
      if (worker === undefined) {
        this.#putBack(task);
        this.#prepareSuccessors();
        return;
      }
      this.#post(worker, task);
    }
    if (taskQueue.size === 0) this.#face.emit("drain");
  }

  /** Tasks keep their order in the pool's own queue. Another queue decides itself. */
  #putBack(task: PoolTask): void {
    const queue = this.options.taskQueue as FilledOptions["taskQueue"] & { unshift?(task: PoolTask): void };
    if (queue.unshift === undefined) queue.push(task);
    else queue.unshift(task);
  }

  #post(worker: PoolWorker, task: PoolTask): void {
    const { runner } = worker;
    task.worker = worker;
    worker.tasks.push(task);
    worker.hasRun = true;
    clearTimeout(worker.idleTimer);
    worker.idleTimer = undefined;
    if (this.options.isolateWorkers) worker.shouldRecycle = true;
    const { filename, name, task: value, transfer, channel } = task;
    task.task = undefined;
    try {
      if (channel !== undefined) runner.setChannel?.(channel);
    } catch (error) {
      this.#done(worker, task, true, error);
      return;
    }
    runner.run({ filename, name, value, transfer }).then(
      (result) => this.#done(worker, task, false, result),
      (error: unknown) => this.#done(worker, task, true, error),
    );
  }

  #done(worker: PoolWorker, task: PoolTask, failed: boolean, outcome: unknown): void {
    if (!removeFrom(worker.tasks, task)) return;
    const { usedMemory } = worker.runner;
    if ((usedMemory ?? 0) > (this.options.maxMemoryLimitBeforeRecycle ?? Infinity))
      worker.shouldRecycle = true;
    // Before the task settles, so that its awaiter finds the worker at work, or gone.
    if (!worker.shouldRecycle) this.#available(worker);
    task.settle(failed, outcome);
  }

  #available(worker: PoolWorker): void {
    if (!this.workers.has(worker)) return;
    this.#distribute();
    const { minThreads, idleTimeout } = this.options;
    if (worker.tasks.length > 0 || this.workers.size <= minThreads || idleTimeout === Infinity) return;
    worker.idleTimer ??= setTimeout(() => {
      worker.idleTimer = undefined;
      if (worker.tasks.length > 0 || this.workers.size <= minThreads || !this.workers.has(worker)) return;
      this.#stop(worker).catch(() => {});
    }, idleTimeout).unref();
  }

  #mustRecycle(worker: PoolWorker): boolean {
    return worker.shouldRecycle && worker.tasks.length === 0 && this.workers.has(worker);
  }

  async #recycle(worker: PoolWorker): Promise<void> {
    await this.#stop(worker);
    this.#refill();
  }

  /** A worker has ended by itself. */
  #ended(worker: PoolWorker, error: unknown): void {
    // The next worker is started anew, and says so if it ends, too.
    if (this.#successors.get(worker.workerId) === worker) this.#successors.delete(worker.workerId);
    if (!this.workers.delete(worker) && !worker.diedIdle) return;
    clearTimeout(worker.idleTimer);
    // The worker's tasks reject first, and say how it ended.
    queueMicrotask(() => this.#refill());
    // Without a listener, an error event would end the process.
    if (error !== undefined && this.#face.listenerCount("error") > 0) this.#face.emit("error", error);
  }

  #abort(task: PoolTask): void {
    const { worker } = task;
    if (task.settled) return;
    if (worker === undefined) this.options.taskQueue.remove(task);
    else worker.shouldRecycle = false;
    task.settle(true, new AbortError(task.abortSignal!));
    if (worker === undefined) return;
    this.#stop(worker, false).catch(() => {});
    this.#refill();
  }

  /** Ends a worker, and fails what it runs. The worker's file may have something to do before. */
  async #stop(worker: PoolWorker, tearsDown = true): Promise<void> {
    this.workers.delete(worker);
    clearTimeout(worker.idleTimer);
    const { runner } = worker;
    const { filename, teardown, terminateTimeout } = this.options;
    const tasks = worker.tasks.splice(0);
    for (const task of tasks) task.settle(true, threadTermination());
    try {
      if (tearsDown && teardown !== undefined && filename !== null && tasks.length === 0 && worker.hasRun) {
        await runner.run({ filename, name: teardown, value: {}, transfer: [] });
      }
    } finally {
      const ended = runner.terminate();
      if (terminateTimeout === undefined) await ended;
      else await withLimit(ended, terminateTimeout);
    }
  }

  cancelPendingTasks(): void {
    this.#rejectWaiting((task) => task.cancel());
  }

  #rejectWaiting(reject: (task: PoolTask) => void): void {
    const { taskQueue } = this.options;
    const waiting: PoolTask[] = [];
    while (taskQueue.size > 0) {
      const task = taskQueue.shift() as PoolTask | null;
      if (task === null) break;
      waiting.push(task);
    }
    for (const task of waiting) reject(task);
  }

  async recycleWorkers({ runtime }: Pick<Options, "runtime">): Promise<void> {
    const changes = runtime !== undefined && runtime !== this.options.runtime;
    if (changes) this.options.runtime = runtime;
    // Those of an isolated pool end after their task anyway.
    if (this.options.isolateWorkers && !changes) return;
    const stopped: Promise<void>[] = [this.#dropSuccessors(true)];
    for (const worker of this.workers) {
      if (worker.tasks.length > 0) worker.shouldRecycle = true;
      else stopped.push(this.#stop(worker));
    }
    await Promise.all(stopped);
    this.#refill();
  }

  async destroy(): Promise<void> {
    this.#isEnding = true;
    try {
      this.#rejectWaiting((task) => task.settle(true, threadTermination()));
      const stopped = [...this.workers].map((worker) => this.#stop(worker));
      await Promise.all([...stopped, this.#dropSuccessors(true)]);
    } finally {
      this.#isEnding = false;
      this.#face.emitDestroy();
    }
  }
}

/** Rejects if the worker does not end in time. */
async function withLimit(ended: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Failed to terminate worker")), milliseconds);
  });
  try {
    await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}
