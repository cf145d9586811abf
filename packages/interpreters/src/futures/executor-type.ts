/**
 * The interface of all executors, wherever their tasks run (CPython: `concurrent.futures.Executor`). One suite of tests runs over
 * all implementations: test/futures/contract/.
 */
import type { KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import type { Future } from "./future.js";
import type { AnyMapOptions, MapOptions, MapOutcome, SettledMapOptions } from "./map.js";
import type { ShutdownOptions, SubmitOptions } from "./options.js";
import type { ExecutorStats } from "./stats.js";

/** The ways to give tasks to an executor, which its views (`with`) have, too. */
export interface TaskSubmitter {
  /**
   * Runs `fn(...args)` as soon as a worker is free. See `InterpreterPoolExecutor.submit`.
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
 * An executor: runs functions elsewhere and gives their results as futures. `InterpreterPoolExecutor` runs them on other threads of
 * this process, `BullMQExecutor` (package `interpreters-bullmq`) on other machines. Write a library against this interface, and its users
 * choose.
 *
 * @example
 * import { type Executor, fromModule, InterpreterPoolExecutor } from "interpreters";
 * const { basename } = fromModule<typeof import("node:path")>("node:path");
 * async function names(executor: Executor, paths: string[]): Promise<string[]> {
 *   return await Promise.all(paths.map((path) => executor.submit(basename, path)));
 * }
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * console.log(await names(executor, ["/a/b.txt"])); // [ 'b.txt' ]
 */
export interface Executor extends TaskSubmitter {
  /**
   * A view of this executor whose tasks have options.
   *
   * @throws TypeError, RangeError a bad option, or one that this executor cannot give
   */
  with(options: SubmitOptions): TaskSubmitter;
  /** How much there is to do, and what is done. */
  stats(): ExecutorStats;
  /**
   * Takes no more tasks. By default resolves when all tasks are done.
   *
   * @throws TypeError, RangeError a bad option. As a rejection.
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
  /** Ends all tasks of this executor at once, whatever they do, and takes no more. */
  terminateWorkers(): Promise<void>;
  /** Shuts the executor down and waits (`await using`). Never throws. */
  [Symbol.asyncDispose](): Promise<void>;
}
