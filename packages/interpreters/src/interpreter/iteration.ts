/** The two forms of an iteration that users have, over one feed (iteration-feed.ts). */
import type { EndOf, ItemOf } from "../base/calls.js";
import { NativePromise } from "../platform/microtasks.js";
import { Feed, type Iterating } from "./iteration-feed.js";

/** Ends the iterations whose iterators were collected before their ends. */
const collected = new FinalizationRegistry<Feed>((feed) => feed.stop());

/**
 * What `iterate` returns: the items of a generator that runs in another interpreter. Use it with `for await`, once. Nothing runs before
 * the first item is asked for.
 *
 * Leaving the loop early (`break`, `return`, an exception) ends the generator at its `yield`: its `finally` runs there, and the loop
 * is left when that is done. An iteration that is no longer reachable ends in the same way.
 *
 * @typeParam T the items
 * @typeParam R the generator's return value
 * @example
 * await using interp = create();
 * const iteration = interp.iterate(function* (n: number) {
 *   for (let i = 1; i <= n; i++) yield i;
 *   return "done";
 * }, 2);
 * console.log(await iteration.next()); // { value: 1, done: false }
 * console.log(await iteration.next()); // { value: 2, done: false }
 * console.log(await iteration.next()); // { done: true, value: 'done' }
 */
export interface Iteration<out T, out R = void> {
  /** The next item, or at the end, with `done: true`, the generator's return value. Calls that overlap are answered in order. */
  next(): Promise<IteratorResult<T, R>>;
  /**
   * Ends the generator at its `yield`. Resolves when its `finally` is done.
   *
   * @throws what its `finally` threw; InterpreterDiedError its interpreter died before that
   */
  return(): Promise<IteratorReturnResult<undefined>>;
  /** The iteration itself. */
  [Symbol.asyncIterator](): Iteration<T, R>;
  /** `await using`: as `return`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * What `iterateSync` returns: as `Iteration`, but blocks this thread while it waits for an item. Use it with `for`.
 *
 * @typeParam T the items
 * @typeParam R the generator's return value
 * @example
 * using interp = create();
 * const letters = (word: string): Iterable<string> => word;
 * console.log([...interp.iterateSync(letters, "hey")]); // [ 'h', 'e', 'y' ]
 */
export interface SyncIteration<out T, out R = void> {
  /** The next item, or at the end, with `done: true`, the generator's return value. */
  next(): IteratorResult<T, R>;
  /** Ends the generator at its `yield`. Returns when its `finally` is done. @throws as that of `Iteration` */
  return(): IteratorReturnResult<undefined>;
  /** The iteration itself. */
  [Symbol.iterator](): SyncIteration<T, R>;
  /** `using`: as `return`. */
  [Symbol.dispose](): void;
}

/** The iteration over what a function returns that returns `R`. */
export type IterationOf<R> = Iteration<ItemOf<R>, EndOf<R>>;
/** The same for `iterateSync`. */
export type SyncIterationOf<R> = SyncIteration<ItemOf<R>, EndOf<R>>;

class AsyncForm implements Iteration<unknown, unknown> {
  readonly #feed: Feed;
  /** Keeps the interpreter, or the pool, reachable. */
  readonly #source: object;
  /** The last of the calls of `next` that wait, which are answered in order. */
  #last: Promise<unknown> | undefined;

  constructor(how: Iterating, source: object) {
    this.#feed = new Feed(how);
    this.#source = source;
    collected.register(this, this.#feed);
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    if (this.#last === undefined && this.#feed.hasItem)
      return NativePromise.resolve({ value: this.#feed.takeItem(), done: false });
    const before = this.#last;
    const result = before === undefined ? this.#next() : before.then(() => this.#next());
    const last: Promise<void> = result.then(
      () => this.#answered(last),
      () => this.#answered(last),
    );
    this.#last = last;
    return result;
  }

  #answered(call: Promise<unknown>): void {
    if (this.#last === call) this.#last = undefined;
  }

  async #next(): Promise<IteratorResult<unknown, unknown>> {
    const end = this.#feed.hasItem ? undefined : await this.#feed.fill();
    return end ?? { value: this.#feed.takeItem(), done: false };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#feed.leave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#feed.leave();
  }

  get [Symbol.toStringTag](): string {
    return `Iteration in ${Object.prototype.toString.call(this.#source).slice(8, -1)}`;
  }
}

class SyncForm implements SyncIteration<unknown, unknown> {
  readonly #feed: Feed;
  /** Keeps the interpreter, or the pool, reachable. */
  readonly #source: object;

  constructor(how: Iterating, source: object) {
    this.#feed = new Feed(how);
    this.#source = source;
    collected.register(this, this.#feed);
  }

  next(): IteratorResult<unknown, unknown> {
    const end = this.#feed.hasItem ? undefined : this.#feed.fillSync();
    return end ?? { value: this.#feed.takeItem(), done: false };
  }

  return(): IteratorReturnResult<undefined> {
    this.#feed.leaveSync();
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.#feed.leaveSync();
  }

  get [Symbol.toStringTag](): string {
    return `Iteration in ${Object.prototype.toString.call(this.#source).slice(8, -1)}`;
  }
}

/** `source` is the interpreter or the pool that runs the generator. Nothing is sent before the first `next`. */
export function iterate(how: Iterating, source: object): Iteration<never, never> {
  return new AsyncForm(how, source) as unknown as Iteration<never, never>;
}

/** As `iterate`, blocking. */
export function iterateSync(how: Iterating, source: object): SyncIteration<never, never> {
  return new SyncForm(how, source) as unknown as SyncIteration<never, never>;
}
