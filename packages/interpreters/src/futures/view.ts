/** The ways to submit tasks that an executor and its views have in common. */
import type { KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import type { Future } from "./future.js";
import type { AnyMapOptions, MapOptions, MapOutcome, SettledMapOptions } from "./map.js";
import type { Report } from "./options.js";

/**
 * What `with` returns: an executor whose tasks have the options that `with` was given. It needs no closing, and may be
 * used until the executor is shut down. `InterpreterPoolExecutor` itself is one, without options.
 *
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * const urgent = executor.with({ priority: 2, timeout: 10_000 });
 * await urgent.submit(Math.hypot, 3, 4); // 5
 * for await (const power of urgent.starmap(Math.pow, [[2, 3], [3, 2]])) console.log(power);
 */
export interface ExecutorView {
  /**
   * Runs `fn(...args)` in the next worker that is free. See `InterpreterPoolExecutor.submit`.
   *
   * @throws as `InterpreterPoolExecutor.submit`
   */
  submit<F, A extends OverloadArgs<F>>(fn: F, ...args: A): Future<Awaited<OverloadResult<F, A>>>;
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: KnownArgs<A, R>): Future<Awaited<R>>;
  submit<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): Future<Awaited<ReturnType<F>>>;
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>;

  /**
   * Runs `fn` for each item of a source. See `InterpreterPoolExecutor.map`. The view's `timeout` and `priority` apply to
   * each task, and its `signal` ends the iteration, unless `options` has one of its own.
   *
   * @throws as `InterpreterPoolExecutor.map`; TypeError the view has a `transfer` list, which is that of a single task:
   * use the `transfer` option of `map`
   */
  map<I, R>(
    fn: (item: I) => R,
    source: Iterable<I> | AsyncIterable<I>,
    options?: MapOptions<I>,
  ): AsyncGenerator<Awaited<R>, void, undefined>;
  map<I, R>(
    fn: (item: I) => R,
    source: Iterable<I> | AsyncIterable<I>,
    options: SettledMapOptions<I>,
  ): AsyncGenerator<MapOutcome<Awaited<R>>, void, undefined>;
  map<I, R>(
    fn: (item: I) => R,
    source: Iterable<I> | AsyncIterable<I>,
    options: AnyMapOptions<I>,
  ): AsyncGenerator<Awaited<R> | MapOutcome<Awaited<R>>, void, undefined>;

  /**
   * Like `map`, but each item is an array of arguments. See `InterpreterPoolExecutor.starmap`.
   *
   * @throws as `map`; the iteration throws TypeError if an item is not an array
   */
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    source: Iterable<A> | AsyncIterable<A>,
    options?: MapOptions<A>,
  ): AsyncGenerator<Awaited<R>, void, undefined>;
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    source: Iterable<A> | AsyncIterable<A>,
    options: SettledMapOptions<A>,
  ): AsyncGenerator<MapOutcome<Awaited<R>>, void, undefined>;
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    source: Iterable<A> | AsyncIterable<A>,
    options: AnyMapOptions<A>,
  ): AsyncGenerator<Awaited<R> | MapOutcome<Awaited<R>>, void, undefined>;
}

/**
 * What `with({ onProgress })` returns: tasks submitted by it report their progress.
 *
 * @typeParam P what they report
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * const seen: number[] = [];
 * const watched = executor.with({ onProgress: (done: number) => seen.push(done) });
 * await watched.submit((parts, report) => {
 *   for (let n = 1; n <= parts; n++) report(n / parts);
 * }, 4);
 * console.log(seen); // [ 0.25, 0.5, 0.75, 1 ]
 */
export interface ProgressView<P> {
  /**
   * Runs `fn(...args, report)` in the next worker that is free. See `InterpreterPoolExecutor.submit`.
   *
   * @throws as `InterpreterPoolExecutor.submit`
   */
  submit<A extends unknown[], R>(
    fn: (...args: [...args: A, report: Report<P>]) => R,
    ...args: A
  ): Future<Awaited<R>>;
}
