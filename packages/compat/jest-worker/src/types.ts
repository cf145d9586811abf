/** The types that jest-worker exports, and the messages between a farm and its workers. */
import type { ForkOptions } from "node:child_process";
import type { ResourceLimits } from "node:worker_threads";

type ReservedKeys = "end" | "getStderr" | "getStdout" | "setup" | "teardown";

// oxlint-disable-next-line typescript/no-explicit-any -- as jest-worker declares it: methods have parameters of any type
type FunctionLike = (...args: any) => unknown;

type MethodKeys<T> = { [K in keyof T]: T[K] extends FunctionLike ? K : never }[keyof T];

type Promisified<T extends FunctionLike> = (...args: Parameters<T>) => Promise<Awaited<ReturnType<T>>>;

/** The functions of a worker's module, as a farm has them. */
export type WorkerModule<T> = {
  [K in keyof T as Extract<Exclude<K, ReservedKeys>, MethodKeys<T>>]: T[K] extends FunctionLike
    ? Promisified<T[K]>
    : never;
};

export const CHILD_MESSAGE_INITIALIZE = 0;
export const CHILD_MESSAGE_CALL = 1;
export const CHILD_MESSAGE_END = 2;
export const CHILD_MESSAGE_MEM_USAGE = 3;
export const CHILD_MESSAGE_CALL_SETUP = 4;

export const PARENT_MESSAGE_OK = 0;
export const PARENT_MESSAGE_CLIENT_ERROR = 1;
export const PARENT_MESSAGE_SETUP_ERROR = 2;
export const PARENT_MESSAGE_CUSTOM = 3;
export const PARENT_MESSAGE_MEM_USAGE = 4;

export type ChildMessageInitialize = [
  type: typeof CHILD_MESSAGE_INITIALIZE,
  isProcessed: boolean,
  fileName: string,
  setupArgs: unknown[],
  workerId?: string,
];
export type ChildMessageCall = [
  type: typeof CHILD_MESSAGE_CALL,
  isProcessed: boolean,
  methodName: string,
  args: unknown[],
];
export type ChildMessageEnd = [type: typeof CHILD_MESSAGE_END, isProcessed: boolean];
export type ChildMessageMemUsage = [type: typeof CHILD_MESSAGE_MEM_USAGE];
export type ChildMessageCallSetup = [type: typeof CHILD_MESSAGE_CALL_SETUP];
export type ChildMessage =
  | ChildMessageCall
  | ChildMessageCallSetup
  | ChildMessageEnd
  | ChildMessageInitialize
  | ChildMessageMemUsage;

export type ParentMessageError = [
  type: typeof PARENT_MESSAGE_CLIENT_ERROR | typeof PARENT_MESSAGE_SETUP_ERROR,
  constructorName: string,
  message: string,
  stack: string,
  extra: unknown,
];
export type ParentMessage =
  | ParentMessageError
  | [type: typeof PARENT_MESSAGE_CUSTOM, message: unknown]
  | [type: typeof PARENT_MESSAGE_MEM_USAGE, usedMemory: number]
  | [type: typeof PARENT_MESSAGE_OK, result?: unknown];

export type OnStart = (worker: WorkerInterface) => void;
export type OnEnd = (error: Error | null, result: unknown) => void;
export type OnCustomMessage = (message: unknown) => void;
export type OnStateChangeHandler = (state: WorkerStates, oldState: WorkerStates) => void;

export type WorkerCallback = (
  workerId: number,
  request: ChildMessage,
  onStart: OnStart,
  onEnd: OnEnd,
  onCustomMessage: OnCustomMessage,
) => void;

/** A task of a farm, from its call to its end. */
export interface QueueChildMessage {
  request: ChildMessageCall;
  onStart: OnStart;
  onEnd: OnEnd;
  onCustomMessage: OnCustomMessage;
}

/** The order in which tasks begin. */
export interface TaskQueue {
  /**
   * Adds a task.
   *
   * @param workerId the worker that must run it; undefined for any
   */
  enqueue(task: QueueChildMessage, workerId?: number): void;
  /** Takes the task that the worker should run next. */
  dequeue(workerId: number): QueueChildMessage | null;
}

export interface PromiseWithCustomMessage<T> extends Promise<T> {
  /** Adds a listener to what the task passes to `messageParent`. The function that it returns removes it. */
  UNSTABLE_onCustomMessage?: (listener: OnCustomMessage) => () => void;
}

export type WorkerSchedulingPolicy = "in-order" | "round-robin";

export interface PoolExitResult {
  /** Whether a worker had to be stopped because it did not end by itself. */
  forceExited: boolean;
}

export interface WorkerInterface {
  get state(): WorkerStates;
  send(
    request: ChildMessage,
    onProcessStart: OnStart,
    onProcessEnd: OnEnd,
    onCustomMessage: OnCustomMessage,
  ): void;
  waitForExit(): Promise<void>;
  forceExit(): void;
  getWorkerId(): number;
  getStderr(): NodeJS.ReadableStream | null;
  getStdout(): NodeJS.ReadableStream | null;
  /** The id of the process or interpreter. */
  getWorkerSystemId(): number;
  /** In bytes. */
  getMemoryUsage(): Promise<number | null>;
  isWorkerRunning(): boolean;
  /** Resolves when the worker takes requests. */
  waitForWorkerReady(): Promise<void>;
}

export interface WorkerPoolInterface {
  getStderr(): NodeJS.ReadableStream;
  getStdout(): NodeJS.ReadableStream;
  getWorkers(): WorkerInterface[];
  createWorker(options: WorkerOptions): WorkerInterface;
  send: WorkerCallback;
  start(): Promise<void>;
  end(): Promise<PoolExitResult>;
}

export interface WorkerFarmOptions {
  /** Calls with the same key run in the same worker. Null: in any. */
  computeWorkerKey?: ((method: string, ...args: unknown[]) => string | null) | undefined;
  /** Whether workers are interpreters. Default: false, they are child processes. */
  enableWorkerThreads?: boolean | undefined;
  /** The functions that can be called. Default: those that the module exports, which is then loaded here. */
  exposedMethods?: readonly string[] | undefined;
  /** Options of `child_process.fork`, or of `new Worker` (`env`, `argv`, `execArgv`, `name`). */
  forkOptions?: ForkOptions | undefined;
  /** How often a task is run again whose worker died. Default: 3. */
  maxRetries?: number | undefined;
  /** Default: the number of processors minus one. */
  numWorkers?: number | undefined;
  /** Limits of the engine, for interpreters. */
  resourceLimits?: ResourceLimits | undefined;
  /** The arguments of the module's `setup`. */
  setupArgs?: unknown[] | undefined;
  taskQueue?: TaskQueue | undefined;
  WorkerPool?: (new (workerPath: string, options?: WorkerPoolOptions) => WorkerPoolInterface) | undefined;
  /** Which of several idle workers gets a task. Default: "round-robin". */
  workerSchedulingPolicy?: WorkerSchedulingPolicy | undefined;
  /** A worker that uses more memory after a task is replaced: bytes, or up to 1 a part of the machine's memory. 0: after each task. */
  idleMemoryLimit?: number | undefined;
  /** Milliseconds that workers may take to end. Default: 500. */
  workerGracefulExitTimeout?: number | undefined;
}

export interface WorkerPoolOptions {
  setupArgs: unknown[];
  forkOptions: ForkOptions;
  resourceLimits: ResourceLimits;
  maxRetries: number;
  numWorkers: number;
  enableWorkerThreads: boolean;
  idleMemoryLimit?: number | undefined;
  workerGracefulExitTimeout?: number | undefined;
}

export interface WorkerOptions {
  forkOptions: ForkOptions;
  resourceLimits: ResourceLimits;
  setupArgs: unknown[];
  maxRetries: number;
  workerId: number;
  workerData?: unknown;
  workerPath: string;
  idleMemoryLimit?: number | undefined;
  /** Another file than the package's own to run in the worker. */
  childWorkerPath?: string | undefined;
  /** False: what the worker prints is logged here. */
  silent?: boolean | undefined;
  on?: { [WorkerEvents.STATE_CHANGE]: OnStateChangeHandler | readonly OnStateChangeHandler[] } | undefined;
}

export const WorkerStates = {
  STARTING: "starting",
  OK: "ok",
  OUT_OF_MEMORY: "oom",
  RESTARTING: "restarting",
  SHUTTING_DOWN: "shutting-down",
  SHUT_DOWN: "shut-down",
} as const;
export type WorkerStates = (typeof WorkerStates)[keyof typeof WorkerStates];

export const WorkerEvents = { STATE_CHANGE: "state-change" } as const;
