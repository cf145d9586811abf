/** The workers of a farm. */
import MergedStream from "../MergedStream";
import {
  CHILD_MESSAGE_CALL_SETUP,
  CHILD_MESSAGE_END,
  type PoolExitResult,
  type WorkerInterface,
  type WorkerOptions,
  type WorkerPoolOptions,
  WorkerStates,
} from "../types";

/** Milliseconds. */
const GRACEFUL_EXIT_TIMEOUT = 500;

const ignore = (): void => {};

export default class BaseWorkerPool {
  protected readonly _options: WorkerPoolOptions;
  readonly #stdout = new MergedStream();
  readonly #stderr = new MergedStream();
  readonly _workers: WorkerInterface[] = [];
  readonly #workerPath: string;

  constructor(workerPath: string, options: WorkerPoolOptions) {
    this._options = options;
    this.#workerPath = workerPath;
    for (let i = 0; i < options.numWorkers; i++) {
      const worker = this.createWorker(this.#workerOptions(i));
      this._workers.push(worker);
      this.#merge(worker);
    }
  }

  #merge(worker: WorkerInterface): void {
    const [stdout, stderr] = [worker.getStdout(), worker.getStderr()];
    if (stdout) this.#stdout.add(stdout);
    if (stderr) this.#stderr.add(stderr);
  }

  #workerOptions(workerId: number): WorkerOptions {
    const { forkOptions, idleMemoryLimit, maxRetries, resourceLimits, setupArgs } = this._options;
    const workerPath = this.#workerPath;
    return { forkOptions, idleMemoryLimit, maxRetries, resourceLimits, setupArgs, workerId, workerPath };
  }

  getStderr(): NodeJS.ReadableStream {
    return this.#stderr;
  }

  getStdout(): NodeJS.ReadableStream {
    return this.#stdout;
  }

  getWorkers(): WorkerInterface[] {
    return this._workers;
  }

  getWorkerById(workerId: number): WorkerInterface {
    return this._workers[workerId];
  }

  /** Puts a new worker in the place of one that has ended. */
  restartWorkerIfShutDown(workerId: number): void {
    if (this._workers[workerId].state !== WorkerStates.SHUT_DOWN) return;
    const worker = this.createWorker(this.#workerOptions(workerId));
    this._workers[workerId] = worker;
    if (!this.#stdout.writableEnded) this.#merge(worker);
  }

  createWorker(_options: WorkerOptions): WorkerInterface {
    throw new Error("Missing method createWorker in WorkerPool");
  }

  async start(): Promise<void> {
    await Promise.all(
      this._workers.map(async (worker) => {
        await worker.waitForWorkerReady();
        await new Promise<void>((resolve, reject) => {
          const onEnd = (error: Error | null): void => (error ? reject(error) : resolve());
          worker.send([CHILD_MESSAGE_CALL_SETUP], ignore, onEnd, ignore);
        });
      }),
    );
  }

  async end(): Promise<PoolExitResult> {
    const { workerGracefulExitTimeout = GRACEFUL_EXIT_TIMEOUT } = this._options;
    const forced = await Promise.all(
      this._workers.map(async (worker) => {
        worker.send([CHILD_MESSAGE_END, false], ignore, ignore, ignore);
        let forceExited = false;
        const timer = setTimeout(() => {
          worker.forceExit();
          forceExited = true;
        }, workerGracefulExitTimeout);
        await worker.waitForExit();
        clearTimeout(timer);
        return forceExited;
      }),
    );
    return { forceExited: forced.includes(true) };
  }
}
