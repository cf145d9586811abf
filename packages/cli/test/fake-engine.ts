/**
 * Stands in for the `interpreters` package: runs functions of the test in this thread, and says what was asked of it.
 */

import type { Engine, FutureLike, Submittable } from "../src/engine.js";

interface FakeFunction extends Submittable {
  readonly exportName?: string;
}

export class FakeEngine implements Engine {
  /** What was done with executors, in order. */
  readonly log: string[] = [];
  submitted = 0;
  readonly #exports: Record<string, Submittable>;
  /** What the module waits for while it loads. */
  readonly loaded: Promise<void>;

  constructor(exports: Record<string, Submittable>, loaded: Promise<void> = Promise.resolve()) {
    this.#exports = exports;
    this.loaded = loaded;
  }

  createExecutor(options: { maxWorkers: number; retries: number }): ReturnType<Engine["createExecutor"]> {
    this.log.push(`create workers=${options.maxWorkers} retries=${options.retries}`);
    const submit = (fn: Submittable, ...args: unknown[]): FutureLike => this.#submit(fn, args);
    return {
      submit,
      with: ({ timeout }) => {
        this.log.push(`with timeout=${timeout}`);
        return { submit };
      },
      shutdown: async ({ wait, cancelFutures }) => {
        this.log.push(`shutdown wait=${wait} cancelFutures=${cancelFutures}`);
      },
    };
  }

  fromModule(): Record<string, Submittable> {
    return new Proxy<Record<string, Submittable>>(
      {},
      {
        get: (_, exportName: string): FakeFunction => {
          const fn = (...args: unknown[]): unknown => {
            const names = Object.keys(this.#exports);
            if (names.includes(exportName)) return this.#exports[exportName](...args);
            const list =
              names.length === 0
                ? "it exports no functions"
                : `the functions it exports are ${names.join(", ")}`;
            throw new TypeError(`the module has no export ${JSON.stringify(exportName)}; ${list}`);
          };
          return Object.assign(fn, { exportName });
        },
      },
    );
  }

  create(): never {
    throw new Error("this engine has no interpreters");
  }

  listAll(): readonly never[] {
    return [];
  }

  displayOf(error: unknown): string | undefined {
    return error instanceof Error ? error.stack : undefined;
  }

  #submit(fn: Submittable, args: unknown[]): FutureLike {
    this.submitted += 1;
    const result = this.loaded.then(() => fn(...args));
    return Object.assign(result, { cancel: () => false });
  }
}
