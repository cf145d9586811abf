/** The workers of a pool: how they start, how they end, and which of them has room for a task. */
import { Claims } from "../../shared/claims.cjs";
import { interpreters } from "../../shared/interpreters.cjs";
import { PoolThread, type ThreadEnd } from "../../shared/pool-thread.cjs";
import type { FilledOptions } from "./options";
import { type PoolTask, PoolWorker } from "./work";

/** Notices of a worker, for the pool. */
export interface WorkerEvents {
  created(worker: PoolWorker): void;
  /** It takes tasks. */
  ready(worker: PoolWorker): void;
  message(message: unknown): void;
  /** It has ended by itself. */
  ended(worker: PoolWorker, end: ThreadEnd | undefined): void;
  destroyed(worker: PoolWorker): void;
}

/** More tasks than this are not posted ahead by one pool. */
const MOST_CLAIMS = 1024;

export class Workers implements Iterable<PoolWorker> {
  readonly claims = new Claims(MOST_CLAIMS);
  readonly #all = new Set<PoolWorker>();
  readonly #options: FilledOptions;
  readonly #events: WorkerEvents;
  #ids = 0;
  /** A worker ended before it was ready: starting another by oneself would only repeat that. */
  failsAtBoot = false;

  constructor(options: FilledOptions, events: WorkerEvents) {
    this.#options = options;
    this.#events = events;
  }

  get size(): number {
    return this.#all.size;
  }
  [Symbol.iterator](): Iterator<PoolWorker> {
    return this.#all[Symbol.iterator]();
  }
  has(worker: unknown): worker is PoolWorker {
    return this.#all.has(worker as PoolWorker);
  }

  /** Whether another one may be started. */
  get canGrow(): boolean {
    return this.#all.size < this.#options.maxThreads;
  }

  /** How many tasks wait for workers that are not ready yet. Only a custom load balancer must wait for them. */
  get pendingCapacity(): number {
    if (this.#options.loadBalancer === undefined) return 0;
    let pending = 0;
    for (const worker of this.#all) if (!worker.isReady) pending++;
    return pending * this.#options.concurrentTasksPerWorker;
  }

  /** Starts what is missing to `minThreads`. Those of a new pool count as ready from the start. */
  ensureMinimum(areReady = false): void {
    if (this.failsAtBoot) return;
    while (this.#all.size < this.#options.minThreads) this.add(areReady);
  }

  add(isReady = false): PoolWorker {
    const options = this.#options;
    const thread = new PoolThread(
      {
        env: options.env,
        argv: options.argv,
        execArgv: options.execArgv,
        resourceLimits: options.resourceLimits,
        concurrency: options.concurrentTasksPerWorker,
        workerData: options.workerData as unknown,
      },
      {
        adapter: "Piscina",
        workerId: ++this.#ids,
        hasWorkerData: options.workerData !== undefined,
        filename: options.filename,
        name: options.name,
        niceIncrement: options.niceIncrement,
      },
    );
    const worker = new PoolWorker(thread, options.workerHistogram);
    this.#all.add(worker);
    thread.on("message", (message) => this.#events.message(message));
    const ready = (): void => {
      if (!this.#all.has(worker)) return;
      worker.isReady = true;
      this.failsAtBoot = false;
      this.#announce(worker);
      this.#events.ready(worker);
    };
    if (isReady) {
      worker.isReady = true;
      // The pool's maker can add listeners before.
      queueMicrotask(ready);
    } else thread.ready.then(ready, () => {});
    void thread.ended.then((end) => {
      if (worker.diedIdle) this.#events.ended(worker, end);
      else this.lose(worker, end);
    });
    return worker;
  }

  #announce(worker: PoolWorker): void {
    if (worker.isAnnounced) return;
    worker.isAnnounced = true;
    this.#events.created(worker);
  }

  /** Notes that a worker has ended by itself. How is undefined if one of its tasks says so. */
  lose(worker: PoolWorker, end?: ThreadEnd): void {
    if (!this.#all.has(worker)) return;
    if (!worker.isReady || end?.reason === "boot") this.failsAtBoot = true;
    this.#remove(worker);
    this.#events.ended(worker, end);
  }

  /** Stops a worker. Resolves when it has ended. */
  async stop(worker: PoolWorker): Promise<void> {
    this.#remove(worker);
    await worker.thread.terminate();
  }

  #remove(worker: PoolWorker): void {
    this.#all.delete(worker);
    clearTimeout(worker.idleTimer);
    worker.destroyed = true;
    // Each `workerDestroy` follows its `workerCreate`, so that listeners can count.
    this.#announce(worker);
    this.#events.destroyed(worker);
  }

  /** The least busy worker with room for the task. */
  leastBusy(task: PoolTask): PoolWorker | undefined {
    const { isAbortable } = task;
    let [found, usage] = [undefined as PoolWorker | undefined, this.#options.concurrentTasksPerWorker];
    for (const worker of this.#all) {
      const { length: size } = worker.tasks;
      if (size === 0) {
        if (!worker.isReady || worker.thread.isThere) return worker;
        // The notice of its end is still to come. It must not get a task.
        worker.diedIdle = true;
        this.#remove(worker);
        continue;
      }
      if (!isAbortable && size < usage && !worker.isRunningAbortableTask) {
        [found, usage] = [worker, size];
      }
    }
    return found;
  }
}

/** Whether the interpreter could not be started. */
export const isBootFailure = (error: unknown): boolean =>
  error instanceof interpreters().InterpreterError && error.code === "ERR_INTERPRETER_BOOT";
