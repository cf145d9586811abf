/**
 * What the command line needs of the `interpreters` package, and the only file that imports it.
 *
 * The interfaces are the part of the public API in use here, so that a test can put an executor of its own in place.
 */

import { ExecutionFailed, InterpreterPoolExecutor, fromModule } from "interpreters";

/** A function that can be submitted; for one of a module, a mere reference to it. */
export type Submittable = (...args: unknown[]) => unknown;

export interface FutureLike extends PromiseLike<unknown> {
  cancel(): boolean;
}

export interface Submitter {
  submit(fn: Submittable, ...args: unknown[]): FutureLike;
}

export interface ExecutorLike extends Submitter {
  with(options: { timeout?: number }): Submitter;
  shutdown(options: { wait?: boolean; cancelFutures?: boolean }): Promise<void>;
}

export interface Engine {
  createExecutor(options: { maxWorkers: number; retries: number; name: string }): ExecutorLike;
  /** References to the exports of a module, which is not loaded here. */
  fromModule(url: URL): Record<string, Submittable>;
  /** What Node would have printed for an error in the interpreter where it was thrown. */
  displayOf(error: unknown): string | undefined;
}

export const engine: Engine = {
  createExecutor: (options) => new InterpreterPoolExecutor(options),
  fromModule: (url) => fromModule<Record<string, Submittable>>(url),
  displayOf(error) {
    const failure = error instanceof Error && "executionFailed" in error ? error.executionFailed : undefined;
    return failure instanceof ExecutionFailed ? failure.excinfo.errdisplay : undefined;
  },
};
