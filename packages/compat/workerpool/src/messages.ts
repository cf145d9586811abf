/** The messages between a pool and its workers. Between interpreters these become calls (interpreter-worker.ts). */

/** Asks a worker to end. */
export const TERMINATE = "__workerpool-terminate__";
/** Asks a worker to run the abort listeners of a task, and names the answer. */
export const CLEANUP = "__workerpool-cleanup__";

export interface TaskRequest {
  readonly id: number;
  readonly method: string;
  readonly params?: readonly unknown[] | null | undefined;
}

export type ToWorker = TaskRequest | typeof TERMINATE;

export type FromWorker =
  | "ready"
  | { readonly id: number; readonly isEvent: true; readonly payload: unknown }
  /** The abort listeners have run. An error means that the worker must be stopped. */
  | { readonly id: number; readonly method: typeof CLEANUP; readonly error: unknown }
  | { readonly id: number; readonly result: unknown; readonly error?: null }
  /** The error that the task threw, as itself. */
  | { readonly id: number; readonly thrown: unknown }
  /** The properties of the error that it threw: all that a process can send. */
  | { readonly id: number; readonly error: object };

/**
 * The words that an interpreter shares with its pool, so that the pool knows what the worker would have to run before it stops, even while the
 * worker is in an endless loop.
 */
export const FLAG_ABORT_LISTENERS = 0;
export const FLAG_ON_TERMINATE = 1;
/** The id of the task that the worker has begun last. */
export const FLAG_BEGUN = 2;
export const FLAGS = 3;
