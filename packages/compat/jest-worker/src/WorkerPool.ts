import BaseWorkerPool from "./base/BaseWorkerPool";
import type {
  ChildMessage,
  OnCustomMessage,
  OnEnd,
  OnStart,
  WorkerInterface,
  WorkerOptions,
  WorkerPoolInterface,
} from "./types";

type WorkerClass = { default: new (options: WorkerOptions) => WorkerInterface };

export default class WorkerPool extends BaseWorkerPool implements WorkerPoolInterface {
  send(
    workerId: number,
    request: ChildMessage,
    onStart: OnStart,
    onEnd: OnEnd,
    onCustomMessage: OnCustomMessage,
  ): void {
    this.restartWorkerIfShutDown(workerId);
    this.getWorkerById(workerId).send(request, onStart, onEnd, onCustomMessage);
  }

  /** Loads only the kind of workers that is wanted. */
  override createWorker(options: WorkerOptions): WorkerInterface {
    const { default: Worker } = (
      this._options.enableWorkerThreads
        ? require("./workers/NodeThreadsWorker")
        : require("./workers/ChildProcessWorker")
    ) as WorkerClass;
    return new Worker(options);
  }
}
