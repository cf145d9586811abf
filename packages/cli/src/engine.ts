/**
 * The part of the `interpreters` package that the command line uses. No other file imports the package.
 *
 * The interfaces describe only that part, so that a test can substitute its own executor.
 */

import {
  create,
  ExecutionFailed,
  InterpreterPoolExecutor,
  fromModule,
  functionsOf,
  listAll,
  startTrace,
} from "interpreters";

/** A function that can be submitted. `fromModule` returns references, which cannot be called here. */
export type Submittable = (...args: unknown[]) => unknown;

export interface FutureLike<T = unknown> extends PromiseLike<T> {
  cancel(): boolean;
}

export interface Submitter {
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): FutureLike<Awaited<R>>;
}

export interface ExecutorLike extends Submitter {
  /** With `onProgress`, a task gets a function after its arguments; what it passes to that comes to `onProgress`. */
  with(options: { timeout?: number; onProgress?: (value: unknown) => void }): Submitter;
  /** Stops the interpreters after `timeout` milliseconds. */
  shutdown(options: { cancelFutures?: boolean; timeout?: number }): Promise<void>;
}

export interface InterpreterLike {
  readonly id: number;
  readonly name: string | undefined;
  readonly whence: string;
  exec(
    code: string,
    options: { filename: string; signal: AbortSignal; breakOnSigint: boolean },
  ): Promise<void>;
  with(options: { signal?: AbortSignal; waitTimeout?: number }): {
    call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  };
  close(): Promise<void>;
}

export interface Engine {
  create(name?: string): InterpreterLike;
  listAll(): readonly InterpreterLike[];
  /** `output` gets what the interpreters print, to stdout and to stderr. */
  createExecutor(options: {
    maxWorkers: number;
    concurrency: number;
    retries: number;
    name: string;
    output: { write(text: string): void };
  }): ExecutorLike;
  /** References to the exports of a module, which this thread does not load. */
  fromModule(url: URL): Record<string, Submittable>;
  /** The names of the functions that a module exports. A worker of `executor` loads it; rejects if that fails. */
  functionsOf(url: URL, executor: ExecutorLike): Promise<readonly string[]>;
  /** Traces this process from now on, to a file. */
  trace(file: string): { end(): void };
  /** The text that Node would have printed for an error in the interpreter where it was thrown. */
  displayOf(error: unknown): string | undefined;
}

export const engine: Engine = {
  create: (name) => create(name === undefined ? {} : { name }),
  listAll,
  createExecutor: ({ output, ...options }) =>
    new InterpreterPoolExecutor({ ...options, stdout: output, stderr: output }),
  fromModule: (url) => fromModule<Record<string, Submittable>>(url),
  functionsOf: (url, executor) => functionsOf(url, { in: executor }),
  trace: startTrace,
  displayOf: (error) => ExecutionFailed.of(error)?.excinfo.errdisplay,
};
