/**
 * The scheduler: which worker gets which task, and when.
 *
 * With the queue and the load balancer that the package brings along, tasks begin in their order, and workers that are busy with short tasks get
 * some ahead (read-ahead.ts). With the user's own, tasks are offered to the load balancer as piscina does: one when it is submitted, and
 * those that wait whenever a worker has become available.
 */
import { abortReason, isAborted } from "../../shared/abort.cjs";
import { deathOf, errorOfEnd, thrownBy } from "../../shared/outcome.cjs";
import type { ThreadEnd } from "../../shared/pool-thread.cjs";
import { removeFrom } from "../../shared/task-queue.cjs";
import {
  AbortError,
  closeTimeout,
  noTaskQueueAvailable,
  taskQueueAtLimit,
  threadTermination,
} from "./errors";
import { Durations } from "./histogram";
import type { FilledOptions } from "./options";
import { ReadAhead } from "./read-ahead";
import { kWorker } from "./symbols";
import { type Posting, PoolTask, type PoolWorker, type Submission } from "./work";
import { FixedQueue } from "./task-queues";
import { isBootFailure, Workers } from "./workers";

/** The parts of the public face that the pool needs. */
export interface Face {
  emit(event: string, ...args: unknown[]): boolean;
  listenerCount(event: string): number;
  readonly asyncResource: { asyncId(): number };
}

export class Pool {
  readonly options: FilledOptions;
  readonly workers: Workers;
  readonly runTimes: Durations | undefined;
  readonly waitTimes: Durations | undefined;
  readonly start = performance.now();
  completed = 0;
  needsDrain = false;
  readonly #face: Face;
  readonly #readAhead: ReadAhead | undefined;
  readonly #putsBack: "push" | "unshift";
  /** How many tasks are not settled yet. */
  #unsettled = 0;
  #running = 0;
  #closing = false;
  #destroying = false;
  /** Those that wait until all tasks have settled. */
  readonly #onFlushed = new Set<() => void>();
  #drainIsDue = false;

  constructor(face: Face, options: FilledOptions, ownScheduling: boolean) {
    this.#face = face;
    this.options = options;
    const { taskQueue, stricterFIFO } = options;
    this.#putsBack =
      taskQueue.unshift !== undefined && (stricterFIFO || taskQueue instanceof FixedQueue)
        ? "unshift"
        : "push";
    if (options.recordTiming) {
      this.runTimes = new Durations();
      this.waitTimes = new Durations();
    }
    this.workers = new Workers(options, {
      created: (worker) => face.emit("workerCreate", worker.view),
      ready: (worker) => this.#available(worker),
      message: (message) => face.emit("message", message),
      ended: (worker, end) => this.#ended(worker, end),
      destroyed: (worker) => {
        face.emit("workerDestroy", worker.view);
        this.#takeBack(worker);
      },
    });
    if (!ownScheduling) {
      this.#readAhead = new ReadAhead(this.workers, options, (worker, task) =>
        this.#post(worker, task, true),
      );
    }
    this.workers.ensureMinimum(true);
  }

  get queueSize(): number {
    return this.options.taskQueue.size + this.#ahead;
  }
  get #ahead(): number {
    return this.#readAhead?.count ?? 0;
  }

  /** @throws AbortError the signal has aborted, or the pool ends */
  submit(parts: Submission): Promise<unknown> {
    const { signal } = parts;
    if (this.#closing || this.#destroying) throw new AbortError("queue is being terminated");
    if (signal !== null && isAborted(signal)) throw new AbortError(abortReason(signal));
    return new Promise((resolve, reject) => this.#submit(parts, resolve, reject));
  }

  #submit(parts: Submission, resolve: (result: unknown) => void, reject: (error: unknown) => void): void {
    const { filename, name } = this.options;
    const task = new PoolTask(
      { ...parts, isFirst: parts.filename === filename && parts.name === name },
      this.#face.asyncResource.asyncId(),
      (failed, outcome) => {
        this.#unsettled--;
        if (task.started !== 0) {
          this.completed++;
          this.runTimes?.record(performance.now() - task.started);
        }
        if (failed) reject(outcome);
        else resolve(outcome);
        this.#noteDrain();
        if (this.#unsettled === 0) for (const flushed of this.#onFlushed) flushed();
      },
    );
    this.#unsettled++;
    try {
      task.listen(() => this.#abort(task));
      this.#enter(task);
    } catch (error) {
      // The signal is none, the user's queue threw, or no worker can be made.
      task.settle(true, error);
    }
    this.#noteDrain();
  }

  /** Gives a new task to a worker, or lets it wait. */
  #enter(task: PoolTask): void {
    const { taskQueue, maxQueue } = this.options;
    if (taskQueue.size > 0) {
      if (this.queueSize >= maxQueue + this.workers.pendingCapacity) {
        task.settle(true, maxQueue === 0 ? noTaskQueueAvailable() : taskQueueAtLimit());
        return;
      }
      taskQueue.push(task);
      if (this.workers.canGrow) this.workers.add();
      return;
    }
    this.#readAhead?.shareWithIdle();
    if (this.#distribute(task)) return;
    const grown = this.workers.canGrow ? this.workers.add() : undefined;
    if (grown !== undefined && this.options.loadBalancer === undefined) {
      this.#post(grown, task, false);
      return;
    }
    if (maxQueue <= 0 && this.workers.pendingCapacity === 0) {
      task.settle(true, noTaskQueueAvailable());
      return;
    }
    taskQueue.push(task);
    this.#readAhead?.fill(performance.now());
  }

  /** Gives the task to a worker that may have it now. A load balancer that throws fails the task. */
  #distribute(task: PoolTask): boolean {
    const { loadBalancer } = this.options;
    let worker: unknown;
    if (loadBalancer === undefined) worker = this.workers.leastBusy(task);
    else {
      const ready = [...this.workers].filter(({ isReady }) => isReady);
      try {
        worker = loadBalancer(
          task.interface,
          ready.map(({ view }) => view),
        )?.[kWorker];
      } catch (error) {
        task.settle(true, error);
        return true;
      }
    }
    if (!this.workers.has(worker)) return false;
    this.#post(worker, task, false);
    return true;
  }

  /** Distributes the tasks that wait. */
  #distributeAll(): void {
    const { taskQueue } = this.options;
    while (taskQueue.size > 0) {
      const task = taskQueue.shift() as PoolTask | null;
      if (task === null) return;
      if (task.settled || this.#distribute(task)) continue;
      if (this.#putsBack === "unshift") taskQueue.unshift!(task);
      else taskQueue.push(task);
      if (!this.workers.canGrow) return;
      // The task would wait for that one, too.
      if (this.options.loadBalancer !== undefined && this.workers.failsAtBoot) return;
      this.workers.add();
    }
  }

  /** A worker has room. */
  #available(worker: PoolWorker): void {
    if (!this.workers.has(worker)) return;
    this.#distributeAll();
    this.#readAhead?.fill(performance.now(), worker);
    const { idleTimeout, minThreads } = this.options;
    if (idleTimeout === Infinity || worker.tasks.length > 0 || this.workers.size <= minThreads) return;
    worker.idleTimer ??= setTimeout(() => {
      worker.idleTimer = undefined;
      if (worker.tasks.length > 0 || this.workers.size <= minThreads || !this.workers.has(worker)) return;
      void this.workers.stop(worker);
    }, idleTimeout).unref();
  }

  #post(worker: PoolWorker, task: PoolTask, ahead: boolean): void {
    const posting: Posting = { worker, claim: ahead ? this.workers.claims.open() : 0, ahead };
    task.posting = posting;
    worker.tasks.push(task);
    if (!ahead) this.#begin(worker, task, performance.now());
    else {
      worker.ahead++;
      // Only what another worker had not begun comes to one that has room.
      if (worker.running < this.options.concurrentTasksPerWorker) this.#promote(worker, performance.now());
    }
    if (worker.idleTimer !== undefined) {
      clearTimeout(worker.idleTimer);
      worker.idleTimer = undefined;
    }
    const { isFirst, filename, name, task: value } = task;
    if (!ahead) task.task = undefined;
    worker.thread.runTask(isFirst ? undefined : filename, name, value, task.transfer, posting.claim).then(
      (result) => this.#answered(posting, task, false, result),
      (error: unknown) => this.#answered(posting, task, true, error),
    );
  }

  #begin(worker: PoolWorker, task: PoolTask, now: number): void {
    this.#running++;
    task.started = now;
    worker.lastChange = now;
    this.waitTimes?.record(now - task.created);
  }

  #answered(posting: Posting, task: PoolTask, failed: boolean, outcome: unknown): void {
    const { worker, claim } = posting;
    // Of a task that was withdrawn, only the claim is left.
    if (task.posting !== posting) {
      this.workers.claims.release(claim);
      return;
    }
    const death = failed ? deathOf(outcome) : undefined;
    if (death !== undefined || (failed && isBootFailure(outcome))) {
      this.workers.lose(worker);
      // It is not settled if it was posted ahead and the worker had not begun it.
      if (task.posting === posting) this.#leave(posting, task, true, death ?? outcome);
      else this.workers.claims.release(claim);
      return;
    }
    this.#leave(posting, task, failed, failed ? thrownBy(outcome) : outcome);
    this.#readAhead?.include(worker);
    this.#available(worker);
  }

  /** The worker has done with the task. */
  #leave({ worker, claim, ahead }: Posting, task: PoolTask, failed: boolean, outcome: unknown): void {
    const now = performance.now();
    removeFrom(worker.tasks, task);
    if (ahead) worker.ahead--;
    else this.#running--;
    this.workers.claims.release(claim);
    worker.histogram?.record(now - task.started);
    worker.lastChange = now;
    if (worker.ahead > 0) this.#promote(worker, now);
    task.settle(failed, outcome);
  }

  /** The worker goes on with the first task that it got ahead. */
  #promote(worker: PoolWorker, now: number): void {
    const task = worker.tasks.find(({ posting }) => posting?.ahead === true);
    if (task === undefined) return;
    task.posting!.ahead = false;
    worker.ahead--;
    this.#begin(worker, task, now);
  }

  /** A worker is gone: what it has not begun waits again, at the head of the queue. */
  #takeBack(worker: PoolWorker): void {
    const { taskQueue } = this.options;
    for (const task of [...worker.tasks].reverse()) {
      const { posting } = task;
      if (posting === undefined || !this.workers.claims.withdraw(posting.claim)) continue;
      removeFrom(worker.tasks, task);
      if (posting.ahead) worker.ahead--;
      else this.#running--;
      task.posting = undefined;
      task.started = 0;
      taskQueue.unshift!(task);
    }
  }

  #ended(worker: PoolWorker, end: ThreadEnd | undefined): void {
    const hadTasks = worker.tasks.length > 0;
    // Only with a load balancer tasks wait until a worker is ready, and no other one would become that.
    if (end !== undefined && !worker.isReady && this.options.loadBalancer !== undefined) {
      if (this.workers.size === 0) this.#rejectWaiting(() => errorOfEnd(end) ?? threadTermination());
    }
    this.#resume();
    // The tasks of a worker say how it ended. So does the interpreter, on stderr: an error event would end a process that has no listener.
    if (hadTasks || end === undefined || this.#face.listenerCount("error") === 0) return;
    const error = errorOfEnd(end);
    if (error !== undefined) this.#face.emit("error", error);
  }

  /** Distributes what waits after a worker has ended. */
  #resume(): void {
    if (this.#destroying) return;
    this.workers.ensureMinimum();
    this.#distributeAll();
  }

  #abort(task: PoolTask): void {
    if (task.settled) return;
    const error = new AbortError(abortReason(task.abortSignal!));
    const { posting } = task;
    if (posting === undefined) {
      this.options.taskQueue.remove(task);
      task.settle(true, error);
      return;
    }
    task.settle(true, error);
    void this.#stop(posting.worker);
    this.#resume();
  }

  /** Stops a worker, and fails what it runs. */
  #stop(worker: PoolWorker): Promise<void> {
    const stopped = this.workers.stop(worker);
    this.#running -= worker.running;
    for (const task of worker.tasks.splice(0)) task.settle(true, threadTermination());
    return stopped;
  }

  async destroy(): Promise<void> {
    this.#destroying = true;
    const stopped = [...this.workers].map((worker) => this.#stop(worker));
    this.#rejectWaiting(threadTermination);
    await Promise.all(stopped);
    this.#destroying = false;
  }

  #rejectWaiting(error: () => unknown): void {
    const { taskQueue } = this.options;
    while (taskQueue.size > 0) {
      const task = taskQueue.shift() as PoolTask | null;
      if (task === null) break;
      task.settle(true, error());
    }
  }

  async close(force: boolean): Promise<void> {
    this.#closing = true;
    if (force) {
      for (const worker of this.workers) this.#takeBack(worker);
      this.#rejectWaiting(() => new AbortError("pool is closed"));
    }
    try {
      if (!(await this.#flushed(this.options.closeTimeout))) this.#face.emit("error", closeTimeout());
    } finally {
      await this.destroy();
      this.#face.emit("close");
      this.#closing = false;
    }
  }

  /** Whether all tasks have settled in time. */
  async #flushed(timeout: number): Promise<boolean> {
    if (this.#unsettled === 0) return true;
    return await new Promise((resolve) => {
      const end = (isFlushed: boolean): void => {
        clearTimeout(timer);
        this.#onFlushed.delete(flushed);
        resolve(isFlushed);
      };
      const flushed = (): void => end(true);
      this.#onFlushed.add(flushed);
      const timer = timeout === Infinity ? undefined : setTimeout(end, timeout, false).unref();
    });
  }

  /** `needsDrain` while no worker has room, `drain` when one has again. */
  #noteDrain(): void {
    if (this.#drainIsDue) return;
    this.#drainIsDue = true;
    queueMicrotask(() => {
      this.#drainIsDue = false;
      const { maxThreads, concurrentTasksPerWorker } = this.options;
      if (this.#running >= maxThreads * concurrentTasksPerWorker) {
        this.needsDrain = true;
        this.#face.emit("needsDrain");
      } else if (this.needsDrain) {
        this.needsDrain = false;
        this.#face.emit("drain");
      }
    });
  }
}
