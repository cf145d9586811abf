/**
 * The messages that pools publish, for users to subscribe to (`node:diagnostics_channel`).
 *
 * | channel | message | published when |
 * | --- | --- | --- |
 * | `interpreters:task:submit` | `TaskEvent` | a task is put in line |
 * | `interpreters:task:retry` | `TaskEvent` | a task's interpreter died, and the task is put in line again |
 * | `interpreters:task:settle` | `TaskEvent` | a task's future is done: finished, failed or cancelled |
 * | `interpreters:worker:start` | `WorkerEvent` | a pool creates an interpreter |
 * | `interpreters:worker:end` | `WorkerEndEvent` | an interpreter of a pool has ended |
 *
 * Subscribers run in the thread that owns the executor. Messages cost nothing on a channel without subscribers.
 */
import type { TaskMessage, WorkerEndMessage, WorkerMessage } from "./diagnostics.js";
import type { InterpreterPoolExecutor } from "./executor.js";

/**
 * The message of `interpreters:task:submit`, `interpreters:task:retry` and `interpreters:task:settle`.
 *
 * @example
 * import { subscribe } from "node:diagnostics_channel";
 * import { InterpreterPoolExecutor, type TaskEvent } from "interpreters";
 *
 * let settled = 0;
 * subscribe("interpreters:task:settle", (message) => {
 *   const { future } = message as TaskEvent;
 *   if (future.done()) settled++;
 * });
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * await executor.submit(() => 1);
 * console.log(settled); // 1
 */
export interface TaskEvent extends TaskMessage<InterpreterPoolExecutor> {}

/** The message of `interpreters:worker:start`. */
export interface WorkerEvent extends WorkerMessage<InterpreterPoolExecutor> {}

/** The message of `interpreters:worker:end`. */
export interface WorkerEndEvent extends WorkerEndMessage<InterpreterPoolExecutor> {}
