/** The options of the pool: types, defaults, checks. The messages are those that piscina's programs know. */
import type { SHARE_ENV, Worker } from "node:worker_threads";
import { getAvailableParallelism } from "./common";
import type { PiscinaLoadBalancer } from "./load-balancer";
import {
  checkEach,
  isBoolean,
  isNumber,
  isObject,
  isQueueLimit,
  isText,
  type OptionCheck,
} from "../../shared/option-checks.cjs";
import { isQueue } from "../../shared/task-queue.cjs";
import type { TaskQueue } from "./task-queues";

export type ResourceLimits = NonNullable<Worker["resourceLimits"]>;
export type EnvSpecifier = NodeJS.ProcessEnv | typeof SHARE_ENV;

export interface Options {
  /** The workers' file: an absolute path, or a URL with the scheme file. Default: none, so that each task must name one. */
  filename?: string | null;
  /** The function that the file exports. Default: `"default"`. */
  name?: string;
  /** Workers that are always there. Default: half of what this machine runs at the same time. */
  minThreads?: number;
  /** Default: 1.5 times what this machine runs at the same time. */
  maxThreads?: number;
  /** Milliseconds that a worker above `minThreads` stays without a task. Default: 0. */
  idleTimeout?: number;
  /** Tasks that may wait; `"auto"` is the square of `maxThreads`. Default: Infinity. */
  maxQueue?: number | "auto";
  /** Tasks that a worker runs at the same time. Default: 1. */
  concurrentTasksPerWorker?: number;
  /** Accepted, without effect: nothing here blocks a worker between two tasks. */
  atomics?: "sync" | "async" | "disabled";
  /** Limits of the workers' engine. */
  resourceLimits?: ResourceLimits;
  argv?: string[];
  execArgv?: string[];
  env?: EnvSpecifier;
  /** What `workerData` is in the workers. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as in piscina
  workerData?: any;
  /** Default: a FixedQueue. */
  taskQueue?: TaskQueue;
  /** Lowers the workers' priority. Needs the optional package @napi-rs/nice. Default: 0. */
  niceIncrement?: number;
  /** Accepted, without effect. */
  trackUnmanagedFds?: boolean;
  /** Milliseconds that `close` waits for tasks. Default: 30000. */
  closeTimeout?: number;
  /** Whether `histogram` counts. Default: true. */
  recordTiming?: boolean;
  /** With a custom `taskQueue`: whether a task that no worker could take goes back to its head. Default: false. */
  stricterFIFO?: boolean;
  /** Chooses the worker of a task. Default: the least busy one. */
  loadBalancer?: PiscinaLoadBalancer;
  /** Whether a load balancer sees a histogram of each worker. Default: false. */
  workerHistogram?: boolean;
}

export interface FilledOptions extends Options {
  filename: string | null;
  name: string;
  minThreads: number;
  maxThreads: number;
  idleTimeout: number;
  maxQueue: number;
  concurrentTasksPerWorker: number;
  atomics: NonNullable<Options["atomics"]>;
  taskQueue: TaskQueue;
  niceIncrement: number;
  closeTimeout: number;
  recordTiming: boolean;
  stricterFIFO: boolean;
  workerHistogram: boolean;
}

const CHECKS: readonly OptionCheck<Options>[] = [
  ["filename", "must be a string or null", isText],
  ["name", "must be a string or null", isText],
  ["minThreads", "must be a non-negative integer", isNumber(0)],
  ["maxThreads", "must be a positive integer", isNumber(1)],
  ["idleTimeout", "must be a non-negative integer", isNumber(0)],
  ["maxQueue", "must be a non-negative integer", isQueueLimit],
  ["concurrentTasksPerWorker", "must be a positive integer", isNumber(1)],
  [
    "atomics",
    "should be a value of sync, sync or disabled.",
    (value) => value === null || ["sync", "async", "disabled"].includes(value as string),
  ],
  ["resourceLimits", "must be an object", isObject],
  ["taskQueue", "must be a TaskQueue object", isQueue],
  [
    "niceIncrement",
    "must be a non-negative integer on Unix systems",
    (value) => typeof value === "number" && (value >= 0 || process.platform === "win32"),
  ],
  ["trackUnmanagedFds", "must be a boolean value", isBoolean],
  ["closeTimeout", "must be a non-negative integer", isNumber(0)],
  [
    "loadBalancer",
    "must be a function with at least two args",
    (value) => typeof value === "function" && value.length >= 1,
  ],
  ["workerHistogram", "must be a boolean", isBoolean],
  ["stricterFIFO", "must be a boolean", isBoolean],
];

/** @throws TypeError, RangeError a bad option */
export function checkOptions(options: Options): void {
  checkEach(options, CHECKS);
  const { minThreads, maxThreads, workerData } = options;
  if (minThreads !== undefined && maxThreads !== undefined && minThreads > maxThreads) {
    throw new RangeError("options.minThreads and options.maxThreads must not conflict");
  }
  // Each worker gets a copy. Throw here if that is impossible, not in each worker.
  if (workerData !== undefined) structuredClone(workerData);
}

/** The options, completed: checked ones without a prototype. */
export function fillOptions(options: Options, taskQueue: TaskQueue, filename: string | null): FilledOptions {
  const parallelism = getAvailableParallelism();
  const { minThreads, maxThreads, maxQueue } = options;
  const defaults = {
    name: "default",
    minThreads: Math.min(Math.max(Math.floor(parallelism / 2), 1), maxThreads ?? Infinity),
    maxThreads: Math.max(parallelism * 1.5, minThreads ?? 0),
    idleTimeout: 0,
    concurrentTasksPerWorker: 1,
    atomics: "sync" as const,
    niceIncrement: 0,
    trackUnmanagedFds: true,
    closeTimeout: 30_000,
    recordTiming: true,
    stricterFIFO: false,
    workerHistogram: false,
  };
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const filled = { ...defaults, ...given, filename, taskQueue } as FilledOptions;
  filled.maxQueue = maxQueue === "auto" ? filled.maxThreads ** 2 : (maxQueue ?? Infinity);
  return Object.assign(Object.create(null) as FilledOptions, filled);
}
