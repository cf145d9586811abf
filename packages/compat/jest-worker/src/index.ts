/**
 * The API of jest-worker 30, on interpreters.
 *
 *     const { Worker } = require("@interpreters/jest-worker");
 *     const worker = new Worker(require.resolve("./worker"), { enableWorkerThreads: true });
 *     await worker.hello("Alice"); // calls the function `hello` that the module exports
 *     await worker.end();
 */
import { availableParallelism } from "node:os";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import Farm from "./Farm";
import FifoQueue from "./FifoQueue";
import PriorityQueue from "./PriorityQueue";
import type {
  PoolExitResult,
  WorkerCallback,
  WorkerFarmOptions,
  WorkerModule,
  WorkerPoolInterface,
  WorkerPoolOptions,
} from "./types";
import WorkerPool from "./WorkerPool";
import messageParent from "./workers/messageParent";

// Not re-exported from their modules: Node finds no names of such exports in a CommonJS module that `import` loads.
export { FifoQueue, messageParent, PriorityQueue };
export type {
  PromiseWithCustomMessage,
  TaskQueue,
  WorkerFarmOptions,
  WorkerPoolInterface,
  WorkerPoolOptions,
} from "./types";

/** A farm with the functions of its module. */
export type JestWorkerFarm<T extends Record<string, unknown>> = Worker & WorkerModule<T>;

/** The functions that a module exports. It is loaded here for that. */
function methodsOf(workerPath: string): string[] {
  const module = require(workerPath) as Record<string, unknown>;
  const names = Object.keys(module).filter((name) => typeof module[name] === "function");
  return typeof module === "function" ? [...names, "default"] : names;
}

const ENDED = "Farm is ended, no more calls can be done to it";

/** A farm of workers, which run the functions of a module. */
export class Worker {
  private readonly _farm: Farm;
  private readonly _workerPool: WorkerPoolInterface;
  private _ending = false;

  /**
   * @param workerPath the module: an absolute path, or a URL with the scheme file
   * @throws Error the path is not absolute; TypeError an exposed method has the name of one of this class
   */
  constructor(workerPath: URL | string, options: WorkerFarmOptions = {}) {
    const given = typeof workerPath === "string" ? workerPath : workerPath.href;
    const file = given.startsWith("file:") ? fileURLToPath(given) : given;
    if (!isAbsolute(file)) throw new Error(`'workerPath' must be absolute, got '${file}'`);
    const poolOptions: WorkerPoolOptions = {
      enableWorkerThreads: options.enableWorkerThreads ?? false,
      forkOptions: options.forkOptions ?? {},
      idleMemoryLimit: options.idleMemoryLimit,
      maxRetries: options.maxRetries ?? 3,
      numWorkers: options.numWorkers ?? Math.max(availableParallelism() - 1, 1),
      resourceLimits: options.resourceLimits ?? {},
      setupArgs: options.setupArgs ?? [],
      workerGracefulExitTimeout: options.workerGracefulExitTimeout,
    };
    const Pool = options.WorkerPool ?? WorkerPool;
    const pool = new Pool(file, poolOptions);
    this._workerPool = pool;
    const send: WorkerCallback = (workerId, request, onStart, onEnd, onCustomMessage) => {
      // A call that still waits when the farm ends never runs.
      if (this._ending) queueMicrotask(() => onEnd(new Error(ENDED), null));
      else pool.send(workerId, request, onStart, onEnd, onCustomMessage);
    };
    this._farm = new Farm(poolOptions.numWorkers, send, options);
    for (const name of options.exposedMethods ?? methodsOf(file)) {
      if (name.startsWith("_")) continue;
      if (Object.hasOwn(Worker.prototype, name)) throw new TypeError(`Cannot define a method called ${name}`);
      Object.assign(this, { [name]: (...args: unknown[]) => this.#call(name, args) });
    }
  }

  #call(method: string, args: unknown[]): Promise<unknown> {
    if (this._ending) throw new Error(ENDED);
    return this._farm.doWork(method, ...args);
  }

  /** The standard error of all workers. */
  getStderr(): NodeJS.ReadableStream {
    return this._workerPool.getStderr();
  }

  /** The standard output of all workers. */
  getStdout(): NodeJS.ReadableStream {
    return this._workerPool.getStdout();
  }

  /** Calls the module's `setup` in all workers. */
  async start(): Promise<void> {
    await this._workerPool.start();
  }

  /**
   * Ends all workers, after the module's `teardown`.
   *
   * @returns whether a worker had to be stopped
   * @throws Error it was called before. As a rejection.
   */
  async end(): Promise<PoolExitResult> {
    if (this._ending) throw new Error(ENDED);
    this._ending = true;
    return this._workerPool.end();
  }
}
