import type { EventEmitter } from "node:events";
import type { TinypoolWorker } from "./common.js";

/** How a worker starts. */
export interface RunnerOptions {
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly argv: readonly unknown[] | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly resourceLimits: object | undefined;
  readonly workerData: unknown;
  readonly concurrency: number;
  readonly workerId: number;
  /** To load ahead. */
  readonly filename: string | null;
  readonly name: string;
}

/** A task, as a worker gets it. */
export interface Run {
  readonly filename: string;
  readonly name: string;
  readonly value: unknown;
  readonly transfer: readonly unknown[];
}

/**
 * A worker, as the pool needs it. The event `ended` says that it has ended by itself, with the error if one ended it and no task rejects with
 * that.
 */
export interface PoolRunner extends TinypoolWorker, Pick<EventEmitter, "removeAllListeners"> {
  /** Bytes of its heap after the last task, where that is measured. */
  readonly usedMemory: number | undefined;
  /** Whether it has not ended, as far as can be known at once. */
  readonly isThere: boolean;
  run(task: Run): Promise<unknown>;
}
