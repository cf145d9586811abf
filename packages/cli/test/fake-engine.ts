/**
 * A fake `interpreters` package: runs the test's functions in this thread, and records the calls.
 */

import type { Engine, FutureLike, Submittable, Submitter } from "../src/engine.js";

export class FakeEngine implements Engine {
  /** The calls to executors, in order. */
  readonly log: string[] = [];
  submitted = 0;
  readonly #exports: Record<string, Submittable>;
  /** The module finishes loading when this resolves. */
  readonly loaded: Promise<void>;

  constructor(exports: Record<string, Submittable>, loaded: Promise<void> = Promise.resolve()) {
    this.#exports = exports;
    this.loaded = loaded;
  }

  createExecutor(options: Parameters<Engine["createExecutor"]>[0]): ReturnType<Engine["createExecutor"]> {
    const { maxWorkers, concurrency, retries } = options;
    this.log.push(`create workers=${maxWorkers} concurrency=${concurrency} retries=${retries}`);
    const submit: Submitter["submit"] = <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) =>
      this.#submit(async (): Promise<Awaited<R>> => await fn(...args));
    return {
      submit,
      with: ({ timeout, onProgress }) => {
        this.log.push(`with timeout=${timeout}`);
        if (onProgress === undefined) return { submit };
        return {
          submit: <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) =>
            this.#submit(
              async (): Promise<Awaited<R>> => (await (fn as Submittable)(...args, onProgress)) as Awaited<R>,
            ),
        };
      },
      shutdown: async ({ cancelFutures, timeout }) => {
        this.log.push(`shutdown cancelFutures=${cancelFutures} timeout=${timeout}`);
      },
    };
  }

  fromModule(): Record<string, Submittable> {
    return this.#exports;
  }

  async functionsOf(): Promise<readonly string[]> {
    return await this.#submit(() => Object.keys(this.#exports));
  }

  create(): never {
    throw new Error("this engine has no interpreters");
  }

  listAll(): readonly never[] {
    return [];
  }

  trace(file: string): { end(): void } {
    this.log.push(`trace ${file}`);
    return { end: () => undefined };
  }

  displayOf(error: unknown): string | undefined {
    return error instanceof Error ? error.stack : undefined;
  }

  #submit<T>(work: () => T | PromiseLike<T>): FutureLike<T> {
    this.submitted += 1;
    return Object.assign(this.loaded.then(work), { cancel: () => false });
  }
}
