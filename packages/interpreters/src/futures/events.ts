/**
 * What happens in pools, for whoever wants to watch (`node:diagnostics_channel`). Nothing is made where nobody listens.
 *
 * | channel | message |
 * | --- | --- |
 * | `interpreters:task:submit` | `TaskEvent`: a task was put in line |
 * | `interpreters:task:retry` | `TaskEvent`: its interpreter died, and it was put in line again |
 * | `interpreters:task:settle` | `TaskEvent`: its future is done, however |
 * | `interpreters:worker:start` | `WorkerEvent`: an interpreter of a pool was made |
 * | `interpreters:worker:end` | `WorkerEndEvent`: it is gone |
 */
import { channel, type Channel } from "../platform/diagnostics.js";
import type { DeathReason } from "../base/errors.js";
import type { InterpreterPoolExecutor } from "./executor.js";
import type { Future } from "./future.js";

/** Message of `interpreters:task:submit`, `…:retry` and `…:settle`. */
export interface TaskEvent {
  readonly executor: InterpreterPoolExecutor;
  readonly future: Future<unknown>;
}

/** Message of `interpreters:worker:start`. */
export interface WorkerEvent {
  readonly executor: InterpreterPoolExecutor;
  readonly interpreterId: number;
}

/** Message of `interpreters:worker:end`. `closed`: the pool ended it. */
export interface WorkerEndEvent extends WorkerEvent {
  readonly reason: DeathReason | "closed";
}

export const taskSubmit: Channel = channel("interpreters:task:submit");
export const taskRetry: Channel = channel("interpreters:task:retry");
export const taskSettle: Channel = channel("interpreters:task:settle");
export const workerStart: Channel = channel("interpreters:worker:start");
export const workerEnd: Channel = channel("interpreters:worker:end");
