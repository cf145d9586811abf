/** `processor`: for those who have BullMQ. Their `Worker` with a pool of interpreters in place of sandboxed processors. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Job } from "bullmq";
import { callback, type ExecutorOptions, fromModule, InterpreterPoolExecutor } from "interpreters";

/** Options of `processor`: those of `InterpreterPoolExecutor`, and the name of the export. */
export interface ProcessorOptions extends ExecutorOptions {
  /** The function that the module exports. Default: `default`. */
  export?: string | undefined;
}

/** What `processor` returns: a function for BullMQ's `Worker`, with the pool that runs it. */
export interface PoolProcessor {
  (job: Job, token?: string, signal?: AbortSignal): Promise<unknown>;
  /** The interpreters. */
  readonly pool: InterpreterPoolExecutor;
  /** Closes the interpreters. Close BullMQ's worker before. */
  close(): Promise<void>;
  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The operations of a job that work inside of an interpreter. */
const METHODS = [
  "updateProgress",
  "updateData",
  "log",
  "clearLogs",
  "getState",
  "getChildrenValues",
  "moveToDelayed",
  "moveToWait",
] as const;

/**
 * Makes a processor for BullMQ's `Worker` that runs a function of a module in a pool of interpreters. The function gets the job as sandboxed
 * processors do: its data and `updateProgress`, `log` and the like. An interpreter that dies fails its job with
 * `InterpreterDiedError`, which BullMQ tries again as `attempts` says; no other job is concerned, and a new interpreter takes its place.
 *
 * @param module the URL of the module, or the absolute path of its file
 * @throws TypeError, RangeError a bad option
 * @example
 * import { Worker } from "bullmq";
 * import { processor } from "interpreters-bullmq";
 *
 * await using resize = processor(new URL("./resize.js", import.meta.url), { maxWorkers: 4 });
 * const worker = new Worker("images", resize, { connection: { host: "127.0.0.1" }, concurrency: 4 });
 * // …
 * await worker.close();
 */
export function processor(module: URL | string, options: ProcessorOptions = {}): PoolProcessor {
  const { export: exported = "default", ...poolOptions } = options;
  const { runJob } = fromModule<typeof import("./inside.js")>(new URL("./inside.js", import.meta.url));
  // Checks what it is given.
  const url = String(urlOf(module));
  const pool = new InterpreterPoolExecutor({ name: "processor", ...poolOptions });
  // By a number of its own: the jobs of two queues may have the same id.
  const jobs = new Map<number, Job>();
  let last = 0;
  const host = callback(async (run: number, method: string, args: unknown[]) => {
    const job = jobs.get(run);
    if (job === undefined) throw new Error(`Cannot call ${method} of a job that is done`);
    const fn = (job as unknown as Record<string, (...args: unknown[]) => unknown>)[method];
    return await fn.apply(job, args);
  });
  const run = async (job: Job, token?: string, signal?: AbortSignal): Promise<unknown> => {
    const id = ++last;
    jobs.set(id, job);
    try {
      const submitter = signal === undefined ? pool : pool.with({ signal });
      return await submitter.submit(runJob, url, exported, dataOf(job, token), METHODS, id, host as never);
    } finally {
      jobs.delete(id);
    }
  };
  const close = async (): Promise<void> => {
    await pool.shutdown();
    host[Symbol.dispose]();
  };
  return Object.assign(run, { pool, close, [Symbol.asyncDispose]: close });
}

function urlOf(module: URL | string): URL | string {
  if (module instanceof URL || (typeof module === "string" && /^(?:file|node|data):/.test(module)))
    return module;
  if (typeof module === "string" && path.isAbsolute(module)) return pathToFileURL(module);
  throw new TypeError(
    `processor: expected the URL of a module, such as new URL("./job.js", import.meta.url), or an absolute path, found ${module}`,
  );
}

/** The fields of a job that its function gets, besides the token. */
const FIELDS = [
  "id",
  "name",
  "data",
  "opts",
  "progress",
  "timestamp",
  "attemptsMade",
  "attemptsStarted",
  "stalledCounter",
  "delay",
  "priority",
  "parentKey",
  "parent",
  "queueName",
  "processedOn",
] as const satisfies readonly (keyof Job)[];

function dataOf(job: Job, token: string | undefined): Record<string, unknown> {
  const all = [...FIELDS.map((field) => [field, job[field] as unknown] as const), ["token", token] as const];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}
