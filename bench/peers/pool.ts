/** What the cases need of a pool of workers, whoever made it. */

import type { Task } from "./work.js";

export interface Pool {
  /** Runs `work(task)` in a worker. */
  run(task: Task): PromiseLike<unknown>;
  /** Gives a worker the buffer, which gives it back: by transfer, as far as the pool knows how to. */
  transfer?(buffer: ArrayBuffer): PromiseLike<ArrayBuffer>;
  stop(): void | Promise<void>;
}

export interface PoolMaker {
  readonly name: string;
  readonly ours?: boolean;
  /** How many workers it can have; any number if left out. */
  readonly onlyWorkers?: number;
  make(workers: number): Promise<Pool>;
}
