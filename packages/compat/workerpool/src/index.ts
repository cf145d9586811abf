/**
 * The API of workerpool 10, on interpreters.
 *
 *     // worker.js
 *     const workerpool = require("@interpreters/workerpool");
 *     workerpool.worker({ fibonacci });
 *
 *     // program.js
 *     const workerpool = require("@interpreters/workerpool");
 *     const pool = workerpool.pool(path.join(__dirname, "worker.js"));
 *     await pool.exec("fibonacci", [10]);
 *     await pool.exec((a, b) => a + b, [3, 4]);
 */
import { processWorker } from "./in-process";
import { Pool } from "./pool";
import type { Methods, WorkerPoolOptions, WorkerRegisterOptions } from "./types";
import { currentWorker, emit, register } from "./worker";

export { cpus, isMainThread, platform } from "./environment";
export { CancellablePromise as Promise } from "./promise";
export { Transfer } from "./transfer";
export { TerminateError } from "./worker-handler";
export type { Pool } from "./pool";
export type {
  ExecOptions,
  Proxy,
  Resolver,
  Task,
  TaskQueue,
  WorkerArg,
  WorkerPoolOptions,
  WorkerRegisterOptions,
} from "./types";

/**
 * Makes a pool of workers.
 *
 * @param script the file of the workers, which registers functions with `worker`. Without one, they only run functions.
 * @throws TypeError a bad number of workers; Error an unknown `queueStrategy`
 */
export function pool(options?: WorkerPoolOptions): Pool;
export function pool(script?: string, options?: WorkerPoolOptions): Pool;
export function pool(script?: WorkerPoolOptions | string, options?: WorkerPoolOptions): Pool {
  return new Pool(script, options);
}

/**
 * In a worker's script: registers the functions that the pool may call by their names.
 *
 * @throws Error no pool started this thread or process
 */
export function worker(methods?: Methods, options?: WorkerRegisterOptions): void {
  const current = currentWorker() ?? processWorker();
  if (current === undefined) {
    throw new Error(
      "workerpool.worker() was called, but this is not a worker of a pool. Pass the path of the script to workerpool.pool().",
    );
  }
  register(current, methods, options);
}

/** In a worker: sends an event to the `on` of the task that runs. Does nothing elsewhere, and between tasks. */
export function workerEmit(payload: unknown): void {
  const current = currentWorker();
  if (current !== undefined) emit(current, payload);
}
