/**
 * workerpool's promise: it can be cancelled, and given a time limit. Its callbacks run in the step that settles it, not as microtasks, and a
 * rejection that is never handled is not reported: programs rely on both.
 */

type Handler<V, R> = ((value: V) => PromiseLike<R> | R) | null | undefined;

/** A promise together with the functions that settle it. */
export interface Resolver<T = unknown> {
  promise: CancellablePromise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class CancellationError extends Error {
  override name = "CancellationError";
  constructor(message?: string) {
    super(message || "promise cancelled");
  }
}

export class TimeoutError extends Error {
  override name = "TimeoutError";
  constructor(message?: string) {
    super(message || "timeout exceeded");
  }
}

interface Reaction {
  succeed(value: unknown): void;
  fail(error: unknown): void;
}

/** As workerpool's: a callback that returns a promise has both methods. */
function isPromise(value: unknown): value is PromiseLike<unknown> {
  const { then, catch: onFail } = (value ?? {}) as { then?: unknown; catch?: unknown };
  return typeof then === "function" && typeof onFail === "function";
}

/** Makes a reaction of a callback: the child promise follows what the callback returns or throws. */
function following(
  callback: (value: unknown) => unknown,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): (value: unknown) => void {
  return (value) => {
    let result: unknown;
    try {
      result = callback(value);
      if (isPromise(result)) {
        void result.then(resolve, reject);
        return;
      }
    } catch (error) {
      reject(error);
      return;
    }
    resolve(result);
  };
}

// oxlint-disable-next-line unicorn/no-thenable -- it is a promise
export class CancellablePromise<T, E = Error> implements PromiseLike<T> {
  static readonly CancellationError = CancellationError;
  static readonly TimeoutError = TimeoutError;

  /** Resolves with all results when all promises are resolved, and rejects with the first error. */
  static all<T>(promises: readonly PromiseLike<T>[]): CancellablePromise<T[]> {
    return new CancellablePromise((resolve, reject) => {
      const results: T[] = [];
      let missing = promises.length;
      if (missing === 0) resolve(results);
      for (const [i, promise] of promises.entries()) {
        void promise.then((result) => {
          results[i] = result;
          if (--missing === 0) resolve(results);
        }, reject);
      }
    });
  }

  static defer<T = unknown>(): Resolver<T> {
    const resolver = {} as Resolver<T>;
    resolver.promise = new CancellablePromise<T>((resolve, reject) => {
      resolver.resolve = resolve;
      resolver.reject = reject;
    });
    return resolver;
  }

  #state: "pending" | "rejected" | "resolved" = "pending";
  #value: unknown;
  #reactions: Reaction[] = [];
  readonly #parent: CancellablePromise<unknown, unknown> | undefined;

  /**
   * @param executor gets the functions that settle the promise
   * @param parent the promise that `cancel` and `timeout` of this one concern
   * @throws SyntaxError without an executor
   */
  constructor(
    executor: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
    parent?: CancellablePromise<unknown, unknown>,
  ) {
    if (typeof executor !== "function") {
      throw new SyntaxError(`new Promise: expected a function (resolve, reject), found ${typeof executor}`);
    }
    this.#parent = parent;
    executor(
      (value) => this.#settle("resolved", value),
      (error) => this.#settle("rejected", error),
    );
  }

  get resolved(): boolean {
    return this.#state === "resolved";
  }

  get rejected(): boolean {
    return this.#state === "rejected";
  }

  get pending(): boolean {
    return this.#state === "pending";
  }

  get [Symbol.toStringTag](): string {
    return "Promise";
  }

  #settle(state: "rejected" | "resolved", value: unknown): void {
    if (this.#state !== "pending") return;
    this.#state = state;
    this.#value = value;
    const reactions = this.#reactions;
    this.#reactions = [];
    for (const reaction of reactions) this.#react(reaction);
  }

  #react({ succeed, fail }: Reaction): void {
    if (this.#state === "resolved") succeed(this.#value);
    else fail(this.#value);
  }

  then<R1 = T, R2 = never>(
    onSuccess?: Handler<T, R1>,
    onFail?: Handler<E, R2>,
  ): CancellablePromise<R1 | R2, E> {
    return new CancellablePromise<R1 | R2, E>((resolve, reject) => {
      const settle = resolve as (value: unknown) => void;
      const reaction: Reaction = {
        succeed: onSuccess ? following(onSuccess as (value: unknown) => unknown, settle, reject) : settle,
        fail: onFail ? following(onFail as (error: unknown) => unknown, settle, reject) : reject,
      };
      if (this.#state === "pending") this.#reactions.push(reaction);
      else this.#react(reaction);
    }, this);
  }

  catch<R = never>(onFail?: Handler<E, R>): CancellablePromise<R | T, E> {
    return this.then(undefined, onFail);
  }

  /** Calls `fn` with the result or the error. The promise that is returned follows it. */
  always<R>(fn: (outcome: unknown) => PromiseLike<R> | R): CancellablePromise<R, E> {
    return this.then(fn, fn);
  }

  /** Calls `fn` without an argument, waits for it, and passes this promise's outcome on. */
  finally(fn?: (() => unknown) | null): CancellablePromise<T, E> {
    const run = (): CancellablePromise<T, E> =>
      new CancellablePromise<void, E>((resolve) => resolve()).then(fn && (() => fn())).then(() => this);
    return this.then(run, run);
  }

  /** Rejects the promise from which this one derives with a CancellationError. A task that runs is stopped. */
  cancel(): this {
    if (this.#parent === undefined) this.#settle("rejected", new CancellationError());
    else this.#parent.cancel();
    return this;
  }

  /** Rejects the promise from which this one derives with a TimeoutError after `delay` milliseconds. A task that runs is stopped. */
  timeout(delay: number): this {
    if (this.#parent !== undefined) {
      this.#parent.timeout(delay);
      return this;
    }
    const timer = setTimeout(
      () => this.#settle("rejected", new TimeoutError(`Promise timed out after ${delay} ms`)),
      delay,
    );
    this.always(() => clearTimeout(timer));
    return this;
  }
}
