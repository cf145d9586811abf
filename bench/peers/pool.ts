/** The interface of the pools of all packages. */

import type { Task } from "./work.js";

export interface Pool {
  /** Runs `work(task)` in a worker. */
  run(task: Task): PromiseLike<unknown>;
  /** Sends the buffer to a worker, which returns it. Both ways transfer it, as far as the pool supports that. */
  transfer?(buffer: ArrayBuffer): PromiseLike<ArrayBuffer>;
  stop(): void | Promise<void>;
}

export interface PoolMaker {
  readonly name: string;
  readonly ours?: boolean;
  /** The only number of workers that it can have; any number if left out. */
  readonly onlyWorkers?: number;
  make(workers: number): Promise<Pool>;
}
