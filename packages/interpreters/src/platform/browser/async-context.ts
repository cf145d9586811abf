/** A context ends at the first `await`: pages have none that timers and promises inherit. */
export class AsyncLocalStorage<T> {
  #store: T | undefined;

  static bind<F extends (...args: never[]) => unknown>(fn: F): F {
    return fn;
  }

  static snapshot(): <R>(fn: () => R) => R {
    return (fn) => fn();
  }

  run<R>(store: T, fn: () => R): R {
    const before = this.#store;
    this.#store = store;
    try {
      return fn();
    } finally {
      this.#store = before;
    }
  }

  getStore(): T | undefined {
    return this.#store;
  }
}

export const inThreadContext = <R>(fn: () => R): R => fn();
