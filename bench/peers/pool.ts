/** What the cases need of a pool of workers, whoever made it. */

export interface Pool {
  /** Runs `work(iterations)` in a worker. */
  run(iterations: number): PromiseLike<unknown>;
  stop(): void | Promise<void>;
}

export interface PoolMaker {
  readonly name: string;
  readonly ours?: boolean;
  /** How many workers it can have; any number if left out. */
  readonly onlyWorkers?: number;
  make(workers: number): Promise<Pool>;
}
