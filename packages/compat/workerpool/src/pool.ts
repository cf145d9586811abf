/** A pool of workers: which task runs where, and when. */
import { DebugPortAllocator } from "./debug-port-allocator";
import { cpus } from "./environment";
import { CancellablePromise } from "./promise";
import { queueOf } from "./queues";
import type {
  AnyFn,
  ExecOptions,
  Methods,
  PoolStats,
  Proxy,
  Task,
  TaskQueue,
  WorkerArg,
  WorkerPoolOptions,
} from "./types";
import { WorkerHandler } from "./worker-handler";

const debugPorts = new DebugPortAllocator();

/** @throws TypeError the number of workers is not an integer, or is too small */
function checkCount(option: string, count: unknown, least: number): asserts count is number {
  if (typeof count !== "number" || !Number.isInteger(count) || count < least) {
    throw new TypeError(`Option ${option} must be an integer number >= ${least}`);
  }
}

export class Pool {
  readonly script: string | null;
  readonly forkArgs: readonly string[];
  readonly forkOpts: NonNullable<WorkerPoolOptions["forkOpts"]>;
  readonly workerOpts: object;
  readonly workerThreadOpts: NonNullable<WorkerPoolOptions["workerThreadOpts"]>;
  readonly nodeWorker: WorkerPoolOptions["nodeWorker"];
  readonly workerType: NonNullable<WorkerPoolOptions["workerType"]>;
  readonly maxQueueSize: number;
  readonly workerTerminateTimeout: number;
  readonly onCreateWorker: NonNullable<WorkerPoolOptions["onCreateWorker"]>;
  readonly onTerminateWorker: NonNullable<WorkerPoolOptions["onTerminateWorker"]>;
  readonly emitStdStreams: boolean;
  readonly maxWorkers: number;
  readonly minWorkers: number | undefined;
  readonly debugPortStart: number;
  /** @internal */
  readonly workers: WorkerHandler[] = [];
  /** @internal */
  readonly taskQueue: TaskQueue;

  /**
   * @param script the file of the workers. Without one, they only run functions.
   * @throws TypeError a bad number of workers; Error an unknown `queueStrategy`, or as `exec` if there are `minWorkers`
   */
  constructor(script?: WorkerPoolOptions | string | null, options?: WorkerPoolOptions) {
    const named = typeof script === "string";
    const given = (named ? options : (script ?? options)) ?? {};
    this.script = (named && script) || null;
    this.taskQueue = queueOf(given.queueStrategy || "fifo");
    this.forkArgs = Object.freeze(given.forkArgs || []);
    this.forkOpts = Object.freeze(given.forkOpts || {});
    this.workerOpts = Object.freeze(given.workerOpts || {});
    this.workerThreadOpts = Object.freeze(given.workerThreadOpts || {});
    this.debugPortStart = given.debugPortStart || 43210;
    this.nodeWorker = given.nodeWorker;
    this.workerType = given.workerType || given.nodeWorker || "auto";
    this.maxQueueSize = given.maxQueueSize || Infinity;
    this.workerTerminateTimeout = given.workerTerminateTimeout || 1000;
    this.onCreateWorker = given.onCreateWorker || (() => null);
    this.onTerminateWorker = given.onTerminateWorker || (() => null);
    this.emitStdStreams = given.emitStdStreams || false;
    let maxWorkers = Math.max((cpus || 4) - 1, 1);
    if (given.maxWorkers !== undefined) {
      checkCount("maxWorkers", given.maxWorkers, 1);
      maxWorkers = given.maxWorkers;
    }
    if (given.minWorkers !== undefined) {
      const least = given.minWorkers === "max" ? maxWorkers : given.minWorkers;
      checkCount("minWorkers", least, 0);
      this.minWorkers = least;
      maxWorkers = Math.max(maxWorkers, least);
    }
    this.maxWorkers = maxWorkers;
    this.#ensureMinWorkers();
  }

  /**
   * Runs a function in a worker.
   *
   * @param method the name of a function that the worker's script has registered, or a function, whose text is sent
   * @param params its arguments
   * @returns a promise, which rejects with what the function threw, or with a TerminateError if the worker ended. `cancel` and `timeout` stop the
   * function.
   * @throws TypeError a bad argument; Error the queue is full, or a worker's options are bad
   */
  exec<T extends AnyFn>(
    method: T | string,
    params?: Parameters<T> | null,
    options?: ExecOptions,
  ): CancellablePromise<ReturnType<T>> {
    if (params && !Array.isArray(params)) throw new TypeError('Array expected as argument "params"');
    if (typeof method === "function") return this.#add("run", [String(method), params], options);
    if (typeof method === "string") return this.#add(method, params, options);
    throw new TypeError('Function or string expected as argument "method"');
  }

  #add<R>(
    method: string,
    params: unknown[] | null | undefined,
    options: ExecOptions | undefined,
  ): CancellablePromise<R> {
    const { taskQueue } = this;
    if (taskQueue.size() >= this.maxQueueSize) {
      throw new Error(`Max queue size of ${this.maxQueueSize} reached`);
    }
    const resolver = CancellablePromise.defer();
    const { promise } = resolver;
    const task: Task = { method, params, resolver, timeout: null, options };
    // The time that a task waits does not count.
    const begin = promise.timeout.bind(promise);
    promise.timeout = (delay) => {
      if (!taskQueue.contains(task)) return begin(delay);
      task.timeout = delay;
      return promise;
    };
    taskQueue.push(task);
    this._next();
    return promise as unknown as CancellablePromise<R>;
  }

  /** An object with all functions of the workers. */
  proxy<T extends Methods>(...args: never[]): CancellablePromise<Proxy<T>> {
    if (args.length > 0) throw new Error("No arguments expected");
    return this.exec<() => string[]>("methods").then((methods) => {
      const proxy: Methods = {};
      for (const method of methods) proxy[method] = (...params) => this.exec(method, params);
      return proxy as Proxy<T>;
    });
  }

  /** Gives waiting tasks to workers that are free. @internal */
  _next(): void {
    while (this.taskQueue.size() > 0) {
      const worker = this._getWorker();
      if (worker === null) return;
      const task = this.taskQueue.pop();
      // It may have been cancelled while it waited.
      if (task?.resolver.promise.pending) this.#begin(worker, task);
    }
  }

  #begin(worker: WorkerHandler, task: Task): void {
    const promise = worker.exec(task.method as string, task.params, task.resolver, task.options);
    const next = (): void => this._next();
    void promise.then(next, () => {
      if (!worker.terminated) return next();
      void this.#remove(worker).always(next);
    });
    if (task.timeout !== null) promise.timeout(task.timeout);
  }

  /** A worker that is free; null if all are busy and no more may be made. @internal */
  _getWorker(): WorkerHandler | null {
    for (const worker of this.workers.slice()) {
      if (worker.busy()) continue;
      if (!worker.diedIdle) return worker;
      void this.#remove(worker);
    }
    if (this.workers.length >= this.maxWorkers) return null;
    const worker = this.#createWorker();
    this.workers.push(worker);
    return worker;
  }

  /** Takes a worker out of the pool at once. The promise resolves when it has ended. */
  #remove(worker: WorkerHandler): CancellablePromise<WorkerHandler> {
    this.#drop(worker);
    this.#ensureMinWorkers();
    return worker.terminateAndNotify().always(() => this.#terminated(worker));
  }

  #drop(worker: WorkerHandler): void {
    debugPorts.releasePort(worker.debugPort);
    const at = this.workers.indexOf(worker);
    if (at !== -1) this.workers.splice(at, 1);
  }

  #terminated(worker: WorkerHandler): WorkerHandler {
    const { forkArgs, forkOpts, workerThreadOpts, script } = worker;
    this.onTerminateWorker({ forkArgs, forkOpts, workerThreadOpts, script });
    return worker;
  }

  /**
   * Ends all workers. Tasks that wait are rejected.
   *
   * @param force stops tasks that run, too. Default: false, they are done first.
   * @param timeout milliseconds after which the promise rejects if a worker has not ended. Default: no limit.
   */
  terminate(force?: boolean, timeout?: number): CancellablePromise<unknown[]> {
    for (let task; this.taskQueue.size() > 0 && (task = this.taskQueue.pop()) !== undefined;) {
      task.resolver.reject(new Error("Pool terminated"));
    }
    this.taskQueue.clear();
    return CancellablePromise.all(
      [...this.workers].map((worker) =>
        worker
          .terminateAndNotify(force, timeout)
          .then(() => this.#drop(worker))
          .finally(() => this.#terminated(worker)),
      ),
    );
  }

  /** How many workers and tasks there are. */
  stats(): PoolStats {
    const totalWorkers = this.workers.length;
    const busyWorkers = this.workers.filter((worker) => worker.busy()).length;
    return {
      totalWorkers,
      busyWorkers,
      idleWorkers: totalWorkers - busyWorkers,
      pendingTasks: this.taskQueue.size(),
      activeTasks: busyWorkers,
    };
  }

  #ensureMinWorkers(): void {
    while (this.workers.length < (this.minWorkers ?? 0)) this.workers.push(this.#createWorker());
  }

  #createWorker(): WorkerHandler {
    const { forkArgs, forkOpts, workerOpts, workerThreadOpts, script, workerType } = this;
    const arg: WorkerArg = { forkArgs, forkOpts, workerOpts, workerThreadOpts, script };
    const own: WorkerArg = this.onCreateWorker(arg) || {};
    const worker = new WorkerHandler(own.script || script, {
      forkArgs: own.forkArgs || forkArgs,
      forkOpts: own.forkOpts || forkOpts,
      workerOpts: own.workerOpts || workerOpts,
      workerThreadOpts: own.workerThreadOpts || workerThreadOpts,
      debugPort:
        workerType === "process" ? debugPorts.nextAvailableStartingAt(this.debugPortStart) : undefined,
      workerType,
      workerTerminateTimeout: this.workerTerminateTimeout,
      emitStdStreams: this.emitStdStreams,
    });
    worker.onDeath = () => {
      // One that could not be loaded keeps its place until a task is told why: a new one would not fare better.
      if (worker.hasBeenReady) void this.#remove(worker).always(() => this._next());
    };
    return worker;
  }
}
