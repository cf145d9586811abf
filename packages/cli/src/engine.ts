/**
 * What the command line needs of the `interpreters` package, and the only file that imports it.
 *
 * The interfaces are the part of the public API in use here, so that a test can put an executor of its own in place.
 */

import {
  create,
  ExecutionFailed,
  InterpreterPoolExecutor,
  fromModule,
  functionsOf,
  listAll,
} from "interpreters";

/** A function that can be submitted; for one of a module, a mere reference to it. */
export type Submittable = (...args: unknown[]) => unknown;

export interface FutureLike<T = unknown> extends PromiseLike<T> {
  cancel(): boolean;
}

export interface Submitter {
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): FutureLike<Awaited<R>>;
}

export interface ExecutorLike extends Submitter {
  with(options: { timeout?: number }): Submitter;
  shutdown(options: { wait?: boolean; cancelFutures?: boolean }): Promise<void>;
}

export interface InterpreterLike {
  readonly id: number;
  readonly name: string | undefined;
  readonly whence: string;
  exec(code: string, options: { filename: string; signal: AbortSignal }): Promise<void>;
  with(options: { signal: AbortSignal }): {
    call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  };
  close(): Promise<void>;
}

export interface Engine {
  create(name?: string): InterpreterLike;
  listAll(): readonly InterpreterLike[];
  createExecutor(options: { maxWorkers: number; retries: number; name: string }): ExecutorLike;
  /** References to the exports of a module, which is not loaded here. */
  fromModule(url: URL): Record<string, Submittable>;
  /** The names of the functions that a module exports. A worker of `executor` loads it; rejects if that fails. */
  functionsOf(url: URL, executor: ExecutorLike): Promise<readonly string[]>;
  /** What Node would have printed for an error in the interpreter where it was thrown. */
  displayOf(error: unknown): string | undefined;
}

export const engine: Engine = {
  create: (name) => create(name === undefined ? {} : { name }),
  listAll,
  // Whoever names a function on the command line could as well have named another program.
  createExecutor: (options) => new InterpreterPoolExecutor({ ...options, config: { allowExec: true } }),
  fromModule: (url) => fromModule<Record<string, Submittable>>(url),
  functionsOf: (url, executor) => functionsOf(url, { in: executor }),
  displayOf(error) {
    const failure = error instanceof Error && "executionFailed" in error ? error.executionFailed : error;
    return failure instanceof ExecutionFailed ? failure.excinfo.errdisplay : undefined;
  },
};
