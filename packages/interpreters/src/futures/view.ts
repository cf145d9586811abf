/** The ways to submit tasks, of an executor and of its views. */
import type { Future } from "./future.js";
import type { MapOptions } from "./map.js";

/** What `with` returns: the executor with options for the tasks submitted through it. */
export interface ExecutorView {
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>;
  map<I, R>(
    fn: (item: I) => R,
    source: Iterable<I> | AsyncIterable<I>,
    options?: MapOptions<I>,
  ): AsyncGenerator<Awaited<R>, void, undefined>;
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    source: Iterable<A> | AsyncIterable<A>,
    options?: MapOptions<A>,
  ): AsyncGenerator<Awaited<R>, void, undefined>;
}
