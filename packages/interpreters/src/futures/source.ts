/**
 * The source of a `map`, read as `for await` reads one: `next` is looked up once, a result that is not an object is a
 * TypeError, and a source that failed is not closed. (ECMAScript, "Operations on Iterator Objects".)
 */
import { show } from "../base/check.js";
import { promiseOf } from "../base/thenable.js";

/** An item of a source, or undefined at its end. */
export type Pulled<I> = { readonly item: I } | undefined;

export class Source<I> {
  /** The name of the method, for messages. */
  readonly #what: string;
  readonly #iterator: object;
  readonly #next: unknown;
  readonly #asynchronous: boolean;

  /** @throws TypeError `source` is neither an iterable nor an async iterable; what a method or getter of it throws */
  constructor(what: string, source: Iterable<I> | AsyncIterable<I>) {
    const sources = source as Partial<Iterable<I> & AsyncIterable<I>> | null | undefined;
    let open: unknown = sources?.[Symbol.asyncIterator];
    this.#asynchronous = typeof open === "function";
    if (!this.#asynchronous) open = sources?.[Symbol.iterator];
    if (typeof open !== "function") {
      throw new TypeError(`${what}: expected an iterable or an async iterable, found ${show(source)}`);
    }
    const iterator: unknown = open.call(source);
    if (!isObject(iterator)) {
      throw new TypeError(`${what}: the source's iterator must be an object, found ${show(iterator)}`);
    }
    this.#what = what;
    this.#iterator = iterator;
    this.#next = (iterator as { next?: unknown }).next;
  }

  /**
   * Asks for the next item. Returns a promise only if the source makes its consumer wait.
   *
   * @throws what the source throws; TypeError it breaks the protocol
   */
  pull(): Pulled<I> | Promise<Pulled<I>> {
    if (typeof this.#next !== "function") {
      throw new TypeError(`${this.#what}: next of the source must be a function, found ${show(this.#next)}`);
    }
    const result: unknown = this.#next.call(this.#iterator);
    const promise = this.#asynchronous ? result : promiseOf(result);
    return this.#asynchronous || promise !== undefined ? this.#later(promise) : this.#read(result);
  }

  /** Tells the source that no more items are wanted. Returns what its `return` returns, if it has that method. */
  close(): unknown {
    const close: unknown = (this.#iterator as { return?: unknown }).return;
    if (close === undefined || close === null) return undefined;
    if (typeof close === "function") return close.call(this.#iterator) as unknown;
    throw new TypeError(`${this.#what}: return of the source must be a function, found ${show(close)}`);
  }

  async #later(result: unknown): Promise<Pulled<I>> {
    return this.#read(await result);
  }

  #read(result: unknown): Pulled<I> {
    if (!isObject(result)) {
      throw new TypeError(`${this.#what}: next() of the source must give an object, found ${show(result)}`);
    }
    const { done } = result as { done?: unknown };
    return done ? undefined : { item: (result as { value: I }).value };
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
