/** The options of the pool: types, defaults, checks. The messages are those that tinypool's programs know. */
import type { SerializationType } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
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
import { type TaskQueue, withNullPrototype } from "./common.js";

/** Or undefined, as in tinypool. */
export type ResourceLimits = Worker["resourceLimits"];

export interface Options {
  /** The workers' file: an absolute path, or a URL with the scheme file. */
  filename?: string | URL | null;
  /** Whether workers are threads or processes. Default: threads. */
  runtime?: "worker_threads" | "child_process";
  /** The function that the file exports. Default: `"default"`. */
  name?: string;
  /** Workers that are always there; less than 1 is a part of the processors. Default: half of the processors. */
  minThreads?: number;
  /** Less than 1 is a part of the processors. Default: as many as there are processors. */
  maxThreads?: number;
  /** Milliseconds that a worker above `minThreads` stays without a task. Default: 0. */
  idleTimeout?: number;
  /** Milliseconds after which a worker that does not end is an error. Default: none. */
  terminateTimeout?: number;
  /** Tasks that may wait; `"auto"` is the square of `maxThreads`. Default: Infinity. */
  maxQueue?: number | "auto";
  /** Tasks that a worker runs at the same time. Default: 1. */
  concurrentTasksPerWorker?: number;
  /** Accepted, without effect. */
  useAtomics?: boolean;
  resourceLimits?: ResourceLimits;
  /** Bytes of its heap above which a worker is replaced after its task. Default: none. */
  maxMemoryLimitBeforeRecycle?: number;
  argv?: string[];
  execArgv?: string[];
  env?: Record<string, string>;
  // oxlint-disable-next-line typescript/no-explicit-any -- as in tinypool
  workerData?: any;
  taskQueue?: TaskQueue;
  /** Accepted, without effect. */
  trackUnmanagedFds?: boolean;
  /** Whether each task gets a new worker. Default: false. */
  isolateWorkers?: boolean;
  /** A function of the file to call before a worker ends. */
  teardown?: string;
  /** Of processes: how messages are serialized. */
  serialization?: SerializationType;
}

export interface FilledOptions extends Options {
  filename: string | null;
  name: string;
  runtime: NonNullable<Options["runtime"]>;
  minThreads: number;
  maxThreads: number;
  idleTimeout: number;
  maxQueue: number;
  concurrentTasksPerWorker: number;
  useAtomics: boolean;
  taskQueue: TaskQueue;
}

/** Whether a file is named in one of the ways that tinypool knows. */
export const isFilename = (value: unknown): boolean => isText(value) || value instanceof URL;

/** The path of a file that is named by its path, its URL or the text of its URL. */
export function pathOf(filename: string | URL): string {
  const url = String(filename);
  if (url.startsWith("file:")) return fileURLToPath(url);
  return url;
}

const CHECKS: readonly OptionCheck<Options>[] = [
  ["filename", "must be a string, a URL or null", isFilename],
  ["name", "must be a string or null", isText],
  ["minThreads", "must be a non-negative integer", isNumber(0)],
  ["maxThreads", "must be a positive integer", (value) => typeof value === "number" && value > 0],
  ["idleTimeout", "must be a non-negative integer", isNumber(0)],
  ["maxQueue", "must be a non-negative integer", isQueueLimit],
  ["concurrentTasksPerWorker", "must be a positive integer", isNumber(1)],
  ["useAtomics", "must be a boolean value", isBoolean],
  ["resourceLimits", "must be an object", isObject],
  ["taskQueue", "must be a TaskQueue object", isQueue],
  ["trackUnmanagedFds", "must be a boolean value", isBoolean],
];

/** Checks the options and completes them. @throws TypeError, RangeError a bad option */
export function fillOptions(given: Options, taskQueue: TaskQueue, filename: string | null): FilledOptions {
  const cpus = availableParallelism();
  const whole = (threads: number): number =>
    threads > 0 && threads < 1 ? Math.max(1, Math.floor(threads * cpus)) : threads;
  checkEach(given, CHECKS);
  const minThreads = given.minThreads === undefined ? undefined : whole(given.minThreads);
  const maxThreads = given.maxThreads === undefined ? undefined : whole(given.maxThreads);
  if (minThreads !== undefined && maxThreads !== undefined && minThreads > maxThreads) {
    throw new RangeError("options.minThreads and options.maxThreads must not conflict");
  }
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const most = maxThreads ?? Math.max(cpus, minThreads ?? 0);
  return withNullPrototype({
    name: "default",
    runtime: "worker_threads",
    idleTimeout: 0,
    concurrentTasksPerWorker: 1,
    useAtomics: true,
    trackUnmanagedFds: true,
    ...own,
    filename,
    taskQueue,
    minThreads: minThreads ?? Math.min(Math.max(cpus / 2, 1), most),
    maxThreads: most,
    maxQueue: given.maxQueue === "auto" ? most ** 2 : (given.maxQueue ?? Infinity),
  });
}
