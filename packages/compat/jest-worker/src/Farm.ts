/** Which call runs in which worker, and when. */
import FifoQueue from "./FifoQueue";
import {
  CHILD_MESSAGE_CALL,
  type OnCustomMessage,
  type PromiseWithCustomMessage,
  type QueueChildMessage,
  type TaskQueue,
  type WorkerCallback,
  type WorkerFarmOptions,
  type WorkerInterface,
} from "./types";

type FarmOptions = Pick<WorkerFarmOptions, "computeWorkerKey" | "taskQueue" | "workerSchedulingPolicy">;

export default class Farm {
  readonly #numOfWorkers: number;
  readonly #callback: WorkerCallback;
  readonly #options: FarmOptions;
  readonly #taskQueue: TaskQueue;
  /** The workers that calls with a key run in. */
  readonly #workerOfKey = new Map<string, WorkerInterface>();
  readonly #busy = new Set<number>();
  #offset = 0;

  constructor(numOfWorkers: number, callback: WorkerCallback, options: FarmOptions = {}) {
    this.#numOfWorkers = numOfWorkers;
    this.#callback = callback;
    this.#options = options;
    this.#taskQueue = options.taskQueue ?? new FifoQueue();
  }

  doWork(method: string, ...args: unknown[]): PromiseWithCustomMessage<unknown> {
    const listeners = new Set<OnCustomMessage>();
    const settlers = Promise.withResolvers === undefined ? deferred() : Promise.withResolvers<unknown>();
    const promise: PromiseWithCustomMessage<unknown> = settlers.promise;
    promise.UNSTABLE_onCustomMessage = (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    };
    try {
      const key = this.#options.computeWorkerKey?.call(this, method, ...args) ?? undefined;
      this.#add(
        {
          request: [CHILD_MESSAGE_CALL, false, method, args],
          onStart: (worker) => {
            if (key !== undefined) this.#workerOfKey.set(key, worker);
          },
          onEnd: (error, result) => {
            listeners.clear();
            if (error === null || error === undefined) settlers.resolve(result);
            else settlers.reject(error);
          },
          onCustomMessage: (message) => {
            for (const listener of listeners) listener(message);
          },
        },
        key === undefined ? undefined : this.#workerOfKey.get(key),
      );
    } catch (error) {
      settlers.reject(error);
    }
    return promise;
  }

  #add(task: QueueChildMessage, worker: WorkerInterface | undefined): void {
    if (worker !== undefined) {
      this.#taskQueue.enqueue(task, worker.getWorkerId());
      this.#next(worker.getWorkerId());
      return;
    }
    this.#taskQueue.enqueue(task);
    const first = this.#options.workerSchedulingPolicy === "in-order" ? 0 : this.#offset++;
    for (let i = 0; i < this.#numOfWorkers && !task.request[1]; i++)
      this.#next((first + i) % this.#numOfWorkers);
  }

  /** Gives the worker its next task, if it is free. */
  #next(workerId: number): void {
    if (this.#busy.has(workerId)) return;
    const task = this.#taskQueue.dequeue(workerId);
    if (!task) return;
    if (task.request[1]) throw new Error("Queue implementation returned processed task");
    task.request[1] = true;
    this.#busy.add(workerId);
    // The worker keeps `onEnd` until its next request, and must not keep the task with it.
    let settle: QueueChildMessage["onEnd"] | undefined = task.onEnd;
    const end: QueueChildMessage["onEnd"] = (error, result) => {
      const first = settle;
      if (first === undefined) return;
      settle = undefined;
      first(error, result);
      this.#busy.delete(workerId);
      this.#next(workerId);
    };
    try {
      this.#callback(workerId, task.request, task.onStart, end, task.onCustomMessage);
    } catch (error) {
      // A process cannot take the arguments, or no worker can be started. Not at once, for the next call may fail likewise.
      queueMicrotask(() => end(error as Error, null));
    }
  }
}

function deferred(): {
  promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
} {
  let settle: { resolve(value: unknown): void; reject(error: unknown): void };
  const promise = new Promise<unknown>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle! };
}
