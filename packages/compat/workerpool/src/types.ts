/** The types that workerpool exports. */
import type { ForkOptions } from "node:child_process";
import type { WorkerOptions as WorkerThreadOptions } from "node:worker_threads";
import type { CancellablePromise, Resolver } from "./promise";

export type { Resolver } from "./promise";

// oxlint-disable-next-line typescript/no-explicit-any -- as workerpool declares it: programs pass functions with parameters of any type
export type AnyFn = (...args: any[]) => any;
export type Methods = Record<string, AnyFn>;

/** How one worker is made: what `onCreateWorker` gets, and may change. */
export interface WorkerArg {
  /** The arguments of a worker of type "process". */
  forkArgs?: readonly string[] | undefined;
  /** Options of `child_process.fork`, for the type "process". */
  forkOpts?: ForkOptions | undefined;
  /** Options of web workers. They are ignored here. */
  workerOpts?: object | undefined;
  /** Options of `new Worker`, for the types "thread" and "auto". */
  workerThreadOpts?: WorkerThreadOptions | undefined;
  /** The file of the worker. Undefined: one that only runs functions. */
  script?: string | null | undefined;
}

/** A task from `exec` until it ends. */
export interface Task<T = unknown> {
  method: AnyFn | string;
  params?: unknown[] | null | undefined;
  resolver: Resolver;
  /** The limit that `timeout` gave it while it waited, in milliseconds. */
  timeout: number | null;
  options?: ExecOptions<T> | undefined;
}

/** Where tasks wait. An object with these methods can take the place of "fifo" and "lifo". */
export interface TaskQueue<T = unknown> {
  push(task: Task<T>): void;
  pop(): Task<T> | undefined;
  size(): number;
  contains(task: Task<T>): boolean;
  clear(): void;
}

export interface WorkerPoolOptions {
  /** How many workers are there from the start; "max" for `maxWorkers`. Default: 0. */
  minWorkers?: number | "max" | undefined;
  /** The most workers. Default: the number of processors minus one. */
  maxWorkers?: number | undefined;
  /** How many tasks may wait. `exec` throws beyond that. Default: Infinity. */
  maxQueueSize?: number | undefined;
  /** "auto" and "thread" are interpreters, "process" is a child process. "web" is refused. Default: "auto". */
  workerType?: "auto" | "process" | "thread" | "web" | undefined;
  /** The former name of `workerType`. */
  nodeWorker?: "auto" | "process" | "thread" | "web" | undefined;
  /** The order in which waiting tasks begin. Default: "fifo". */
  queueStrategy?: TaskQueue | "fifo" | "lifo" | undefined;
  /** Milliseconds that a worker may take to clean up before it is stopped. Default: 1000. */
  workerTerminateTimeout?: number | undefined;
  /** The arguments of a worker of type "process". */
  forkArgs?: readonly string[] | undefined;
  /** Options of `child_process.fork`, for the type "process". */
  forkOpts?: ForkOptions | undefined;
  /** Options of web workers. They are ignored here. */
  workerOpts?: object | undefined;
  /** Options of `new Worker`, for the types "thread" and "auto". */
  workerThreadOpts?: WorkerThreadOptions | undefined;
  /** The first port that the inspector may use for workers of type "process". Default: 43210. */
  debugPortStart?: number | undefined;
  /** Whether what workers print becomes events `{ stdout }` and `{ stderr }` of their task. Default: false. */
  emitStdStreams?: boolean | undefined;
  /** Called before a worker is made. Its result overrides the pool's options for that worker. */
  onCreateWorker?: ((arg: WorkerArg) => WorkerArg | null | undefined | void) | undefined;
  /** Called when a worker has ended. */
  onTerminateWorker?: ((arg: WorkerArg) => unknown) | undefined;
}

export interface ExecOptions<T = unknown> {
  /** Gets the events of this task (`workerEmit`). */
  // oxlint-disable-next-line typescript/no-explicit-any -- as workerpool declares it
  on?: ((payload: any) => unknown) | undefined;
  /** Objects in the parameters to move instead of copy. Processes copy them. */
  transfer?: readonly object[] | undefined;
  /** Anything, for a queue of one's own. */
  metadata?: T | undefined;
}

export interface WorkerRegisterOptions {
  /** Runs in the worker before it ends. */
  onTerminate?: ((code: number | undefined) => PromiseLike<void> | void) | undefined;
  /** Milliseconds that the abort listeners of a task may take before the worker is stopped. Default: 1000. */
  abortListenerTimeout?: number | undefined;
}

/** What `this.worker` is in a function of a worker. */
export interface PublicWorker {
  /** Adds a function that runs when the task is cancelled or times out. If it succeeds, the worker lives on. */
  addAbortListener(listener: () => PromiseLike<void> | void): void;
  /** Sends an event to the task's `on`. */
  emit(payload: unknown): void;
}

export interface PoolStats {
  totalWorkers: number;
  busyWorkers: number;
  idleWorkers: number;
  pendingTasks: number;
  activeTasks: number;
}

/** The functions of a worker, as `pool.proxy()` gives them. */
export type Proxy<T extends Methods> = {
  [M in keyof T]: (...args: Parameters<T[M]>) => CancellablePromise<ReturnType<T[M]>>;
};
