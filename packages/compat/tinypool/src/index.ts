/**
 * The API of tinypool 2, on interpreters.
 *
 *     // worker.mjs
 *     export default ({ a, b }) => a + b;
 *
 *     // program.mjs
 *     import Tinypool from "@interpreters/tinypool";
 *     const pool = new Tinypool({ filename: new URL("./worker.mjs", import.meta.url).href });
 *     await pool.run({ a: 4, b: 6 }); // 10
 */
import { EventEmitterAsyncResource } from "node:events";
import type { MessagePort, TransferListItem } from "node:worker_threads";
import type { AbortSignalAny } from "../../shared/abort.cjs";
import { ArrayQueue } from "../../shared/task-queue.cjs";
import {
  kQueueOptions,
  kTransferable,
  kValue,
  movables,
  type Task,
  type TaskQueue,
  type TinypoolChannel,
  type TinypoolWorker,
  type Transferable,
  withNullPrototype,
} from "./common.js";
import { type FilledOptions, fillOptions, isFilename, type Options, pathOf } from "./options.js";
import { Pool } from "./pool.js";

/* oxlint-disable typescript/no-explicit-any -- as in tinypool, whose programs rely on these types */

declare global {
  namespace NodeJS {
    interface Process {
      /** The state of this worker. */
      __tinypool_state__: {
        isTinypoolWorker: boolean;
        isWorkerThread?: boolean;
        isChildProcess?: boolean;
        workerData: any;
        workerId: number;
      };
    }
  }
}

/** The version of tinypool whose API this is. */
const version = "2.2.0";

export interface RunOptions {
  /** Objects to move instead of copy. */
  transferList?: readonly TransferListItem[];
  /** Of a worker that is a process: messages of the program's own. */
  channel?: TinypoolChannel;
  /** Another file than the pool's. */
  filename?: string | URL | null;
  /** Aborts the task: one that runs is stopped with its worker. */
  signal?: AbortSignalAny | null;
  /** Another function than the pool's. */
  name?: string | null;
  runtime?: Options["runtime"];
}

class ArrayTaskQueue extends ArrayQueue<Task> implements TaskQueue {
  cancel(): void {
    for (const task of this.tasks.splice(0)) task.cancel();
  }
}

/** Not `process`, which a task may replace. */
const thisProcess = process as { readonly __tinypool_state__?: NodeJS.Process["__tinypool_state__"] };

/** A pool of workers; each is an interpreter, or a process. */
class Tinypool extends EventEmitterAsyncResource {
  readonly #pool: Pool;

  /** @throws TypeError, RangeError a bad option */
  constructor(options: Options = {}) {
    const given = withNullPrototype(options);
    super({ name: "Tinypool" });
    const filename = given.filename ? pathOf(given.filename) : null;
    this.#pool = new Pool(this, fillOptions(given, given.taskQueue ?? new ArrayTaskQueue(), filename));
  }

  /**
   * Has a worker run a task. Rejects with what the task throws; if the worker ends in the middle, with an error that says how (its `cause` is
   * an InterpreterDiedError, or the exception that killed it).
   */
  async run(task: any, options: RunOptions = {}): Promise<any> {
    if (typeof options !== "object" || options === null) throw new TypeError("options must be an object");
    const { transferList, filename = null, name = null, signal = null, channel } = withNullPrototype(options);
    if (transferList !== undefined && !Array.isArray(transferList)) {
      throw new TypeError("transferList argument must be an Array");
    }
    if (!isFilename(filename)) throw new TypeError("filename argument must be a string or a URL");
    if (name !== null && typeof name !== "string") throw new TypeError("name argument must be a string");
    if (signal !== null && typeof signal !== "object") {
      throw new TypeError("signal argument must be an object");
    }
    const pool = this.#pool;
    const file = filename === null ? pool.options.filename : pathOf(filename);
    if (file === null) throw new Error("filename must be provided to run() or in options object");
    return pool.submit({
      value: task as unknown,
      transfer: transferList ?? [],
      filename: file,
      name: name ?? pool.options.name,
      signal,
      channel,
    });
  }

  /** Rejects all tasks and stops all workers, after their teardown. Resolves when they have ended. */
  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  get options(): FilledOptions {
    return this.#pool.options;
  }
  get threads(): TinypoolWorker[] {
    return [...this.#pool.workers].map(({ runner }) => runner);
  }
  get queueSize(): number {
    return this.#pool.options.taskQueue.size;
  }
  /** Rejects the tasks that wait. */
  cancelPendingTasks(): void {
    this.#pool.cancelPendingTasks();
  }
  /** Replaces the workers, the busy ones after their tasks; by ones of another kind, if that is named. */
  recycleWorkers(options: Pick<Options, "runtime"> = {}): Promise<void> {
    return this.#pool.recycleWorkers(withNullPrototype(options));
  }
  get completed(): number {
    return this.#pool.completed;
  }
  get duration(): number {
    return performance.now() - this.#pool.start;
  }

  static get isWorkerThread(): boolean {
    return thisProcess.__tinypool_state__?.isWorkerThread ?? false;
  }
  static get workerData(): any {
    return thisProcess.__tinypool_state__?.workerData;
  }
  static get version(): string {
    return version;
  }
  /** Marks a result, or a task's value, to be moved instead of copied. */
  static move(
    value: Transferable | TransferListItem | ArrayBufferView | ArrayBuffer | MessagePort,
  ): MessagePort | ArrayBuffer | Transferable | ArrayBufferView {
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

/** The number of this worker, from 1. A new worker has that of one that is gone. */
const workerId = thisProcess.__tinypool_state__?.workerId as number;

export * from "./common.js";
export type { FilledOptions, Options, ResourceLimits } from "./options.js";
export { Tinypool, Tinypool as default, workerId };
