/**
 * The channels on which pools publish what happens in them (`node:diagnostics_channel`), and the shape of the messages.
 * events.ts describes each channel to users.
 *
 * A publisher builds a message only if its channel has subscribers, so an unobserved pool allocates nothing for them.
 *
 * The executor's type is a parameter: publishers stand below the executor and only pass it on, and events.ts, which
 * stands above it, names it.
 */
import { channel, type Channel } from "../platform/diagnostics.js";
import type { DeathReason } from "../base/errors.js";
import type { Future } from "./future.js";

/** A message about a task. */
export interface TaskMessage<Executor = unknown> {
  /** The executor that the task was submitted to. */
  readonly executor: Executor;
  /** The task's future: the very object that `submit` returned. */
  readonly future: Future<unknown>;
}

/** A message about an interpreter of a pool. */
export interface WorkerMessage<Executor = unknown> {
  /** The executor that started the interpreter. */
  readonly executor: Executor;
  /** The interpreter's `id`, as in `listAll()`. */
  readonly interpreterId: number;
}

/** A message about the end of an interpreter. */
export interface WorkerEndMessage<Executor = unknown> extends WorkerMessage<Executor> {
  /** Why it ended: the pool closed it (`"closed"`), or it died. */
  readonly reason: DeathReason | "closed";
}

export const taskSubmit: Channel = channel("interpreters:task:submit");
export const taskRetry: Channel = channel("interpreters:task:retry");
export const taskSettle: Channel = channel("interpreters:task:settle");
export const workerStart: Channel = channel("interpreters:worker:start");
export const workerEnd: Channel = channel("interpreters:worker:end");
