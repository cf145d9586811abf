/**
 * The API of piscina 5, on interpreters.
 *
 *     // worker.mjs
 *     export default ({ a, b }) => a + b;
 *
 *     // program.mjs
 *     import Piscina from "@interpreters/piscina";
 *     const pool = new Piscina({ filename: new URL("./worker.mjs", import.meta.url).href });
 *     await pool.run({ a: 4, b: 6 }); // 10
 */
import { EventEmitterAsyncResource } from "node:events";
import { fileURLToPath } from "node:url";
import type { MessagePort, TransferListItem, Worker } from "node:worker_threads";
import type { AbortSignalAny } from "../../shared/abort.cjs";
import { workerState } from "../../shared/worker-state.cjs";
import { movables, ownProperties } from "./common";
import { filenameNotProvided } from "./errors";
import type { PiscinaHistogram } from "./histogram";
import { checkOptions, type FilledOptions, fillOptions, type Options } from "./options";
import { Pool } from "./pool";
import { kQueueOptions, kTransferable, kValue } from "./symbols";
import { ArrayTaskQueue, FixedQueue, type PiscinaTask, type TaskQueue } from "./task-queues";

/** The version of piscina whose API this is. */
const version = "5.3.2";

/** An object that says how it is moved. */
export interface Transferable {
  readonly [kTransferable]: object;
  readonly [kValue]: object;
}

export interface RunOptions {
  /** Objects to move instead of copy. */
  transferList?: readonly TransferListItem[];
  /** Another file than the pool's. */
  filename?: string | null;
  /** Aborts the task: one that runs is stopped with its worker. */
  signal?: AbortSignalAny | null;
  /** Another function than the pool's. */
  name?: string | null;
}

export interface CloseOptions {
  /** Rejects the tasks that wait. Default: false. */
  force?: boolean;
}

const pathOf = (filename: string): string =>
  filename.startsWith("file:") ? fileURLToPath(filename) : filename;

/** A pool of workers; each is an interpreter. */
// oxlint-disable-next-line typescript/no-explicit-any -- as in piscina, whose programs rely on it
export default class Piscina<T = any, R = any> extends EventEmitterAsyncResource {
  readonly #pool: Pool;
  #histogram: PiscinaHistogram | undefined;

  /** @throws TypeError, RangeError a bad option; DataCloneError `workerData` cannot be copied */
  constructor(options: Options = {}) {
    const own = ownProperties(options);
    super({ name: "Piscina" });
    checkOptions(own);
    const filename = own.filename ? pathOf(own.filename) : null;
    const ownScheduling = own.taskQueue !== undefined || own.loadBalancer !== undefined;
    this.#pool = new Pool(this, fillOptions(own, own.taskQueue ?? new FixedQueue(), filename), ownScheduling);
  }

  /**
   * Has a worker run a task. Rejects with what the task throws; if the worker ends in the middle, with an error that says how (its `cause` is
   * an InterpreterDiedError, or the exception that killed it).
   */
  run(task: T, options: RunOptions = {}): Promise<R> {
    try {
      return this.#run(task, options) as Promise<R>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #run(task: T, options: RunOptions): Promise<unknown> {
    if (typeof options !== "object" || options === null) throw new TypeError("options must be an object");
    const { transferList, filename = null, name = null, signal = null } = ownProperties(options);
    if (transferList !== undefined && !Array.isArray(transferList)) {
      throw new TypeError("transferList argument must be an Array");
    }
    if (filename !== null && typeof filename !== "string") {
      throw new TypeError("filename argument must be a string");
    }
    if (name !== null && typeof name !== "string") throw new TypeError("name argument must be a string");
    if (signal !== null && typeof signal !== "object") {
      throw new TypeError("signal argument must be an object");
    }
    const pool = this.#pool;
    const file = filename === null ? pool.options.filename : pathOf(filename);
    if (file === null) throw filenameNotProvided();
    return pool.submit({
      value: task,
      transfer: transferList,
      filename: file,
      name: name ?? pool.options.name,
      signal,
    });
  }

  /**
   * Waits for the tasks, `closeTimeout` at most, and ends all workers. With `force`, tasks that have not begun are rejected.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    if (typeof options !== "object" || options === null) throw new TypeError("options must be an object");
    const { force = false } = ownProperties(options);
    if (typeof force !== "boolean") throw new TypeError("force argument must be a boolean");
    await this.#pool.close(force);
  }

  /** Rejects all tasks and stops all workers. Resolves when they have ended. */
  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  [Symbol.dispose](): void {
    void this.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get maxThreads(): number {
    return this.#pool.options.maxThreads;
  }
  get minThreads(): number {
    return this.#pool.options.minThreads;
  }
  get options(): FilledOptions {
    return this.#pool.options;
  }
  /** The workers. They have `threadId`, `ref`, `unref`, `postMessage`, `terminate`, and the events `message` and `exit`. */
  get threads(): Worker[] {
    return [...this.#pool.workers].map(({ thread }) => thread as unknown as Worker);
  }
  get idleThreads(): number {
    return [...this.#pool.workers].filter(({ isReady, tasks }) => isReady && tasks.length === 0).length;
  }
  get queueSize(): number {
    return this.#pool.queueSize;
  }
  get completed(): number {
    return this.#pool.completed;
  }
  get histogram(): PiscinaHistogram {
    const { runTimes, waitTimes } = this.#pool;
    this.#histogram ??= {
      get runTime() {
        return runTimes?.summary as PiscinaHistogram["runTime"];
      },
      get waitTime() {
        return waitTimes?.summary as PiscinaHistogram["waitTime"];
      },
      resetRunTime: () => runTimes?.reset(),
      resetWaitTime: () => waitTimes?.reset(),
    };
    return this.#histogram;
  }
  /** The part of the pool's time, from 0 to 1, in which its workers ran tasks. */
  get utilization(): number {
    const { runTimes, options } = this.#pool;
    return (runTimes?.total ?? 0) / (this.duration * options.maxThreads);
  }
  get duration(): number {
    return performance.now() - this.#pool.start;
  }
  get needsDrain(): boolean {
    return this.#pool.needsDrain;
  }

  static get isWorkerThread(): boolean {
    return workerState("Piscina") !== undefined;
  }
  // oxlint-disable-next-line typescript/no-explicit-any -- as in piscina
  static get workerData(): any {
    return workerState("Piscina")?.workerData;
  }
  static get version(): string {
    return version;
  }
  static get Piscina(): typeof Piscina {
    return Piscina;
  }
  static get FixedQueue(): typeof FixedQueue {
    return FixedQueue;
  }
  static get ArrayTaskQueue(): typeof ArrayTaskQueue {
    return ArrayTaskQueue;
  }
  /** Marks a result, or a task's value, to be moved instead of copied. */
  static move(
    value: Transferable | TransferListItem | ArrayBufferView | ArrayBuffer | MessagePort,
  ): ArrayBuffer | ArrayBufferView | MessagePort | Transferable {
    return movables.move(value) as Transferable;
  }
  static get transferableSymbol(): typeof kTransferable {
    return kTransferable;
  }
  static get valueSymbol(): typeof kValue {
    return kValue;
  }
  static get queueOptionsSymbol(): typeof kQueueOptions {
    return kQueueOptions;
  }
}

const { move, isWorkerThread } = Piscina;
const workerData: unknown = Piscina.workerData;

export type { AbortSignalAny } from "../../shared/abort.cjs";
export type { PiscinaHistogram, PiscinaHistogramSummary } from "./histogram";
export type { PiscinaLoadBalancer, PiscinaWorker } from "./load-balancer";
export type { EnvSpecifier, FilledOptions, Options, ResourceLimits } from "./options";
export type { Task } from "./task-queues";
export {
  Piscina,
  type PiscinaTask,
  type TaskQueue,
  kTransferable as transferableSymbol,
  kValue as valueSymbol,
  kQueueOptions as queueOptionsSymbol,
  version,
  FixedQueue,
  ArrayTaskQueue,
  move,
  isWorkerThread,
  workerData,
};
