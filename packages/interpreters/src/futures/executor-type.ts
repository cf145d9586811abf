/**
 * The interface of all executors, wherever their tasks run (CPython: `concurrent.futures.Executor`). One suite of tests runs over
 * all implementations: test/futures/contract/.
 */
import type { KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import type { Future } from "./future.js";
import type { AnyMapOptions, MapOptions, MapOutcome, SettledMapOptions } from "./map.js";
import type { ShutdownOptions, SubmitOptions } from "./options.js";
import type { ExecutorStats } from "./stats.js";

/**
 * The ways to give tasks to an executor, which its views (`with`) have, too. The options of a view apply to each task, also to those of
 * `map` and `starmap`; its `signal` ends the iteration there, unless `map` was given one of its own.
 *
 * @example
 * import { InterpreterPoolExecutor, type TaskSubmitter } from "interpreters";
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * const submitters: TaskSubmitter[] = [executor, executor.with({ timeout: 10_000 })];
 * for (const submitter of submitters) console.log(await submitter.submit(Math.hypot, 3, 4)); // 5
 */
export interface TaskSubmitter {
  /**
   * Runs `fn(...args)` in the next worker that is free. Tasks of one priority begin in the order of their submission.
   *
   * @param fn a stateless function, a function of a module (`fromModule`) or a builtin, as for `Interpreter.call`; a
   * promise that it returns is awaited there. Of an overloaded function, the first of its last six signatures that takes the
   * arguments gives the result's type
   * @param args its arguments: copied now, or shared or moved as for `Interpreter.call`; later changes do not reach it
   * @returns the task's future, which rejects with what the task throws (`TaskError`), with `InterpreterDiedError` if
   * its interpreter dies, with `NotShareableError` if its result cannot travel, or with an error that says why it was not put in
   * line: `QueueFull` if as many tasks wait as `maxQueue` allows, `InterpreterError` if the pool has no interpreter and none can be
   * created (`ERR_INTERPRETER_LIMIT`, `ERR_INTERPRETER_BOOT`) or if shared memory is exhausted (`ERR_INTERPRETER_MEMORY`)
   * @throws NotShareableError the function or an argument cannot travel; InterpreterError (`ERR_EXECUTOR_SHUTDOWN`)
   * after `shutdown`; BrokenInterpreterPool. Nothing is put in line then.
   * @see CPython: `Executor.submit`
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * const futures = ["a", "b"].map((text) => executor.submit((s: string) => s.toUpperCase(), text));
   * console.log(await Promise.all(futures)); // [ 'A', 'B' ]
   */
  submit<F, A extends OverloadArgs<F>>(fn: F, ...args: A): Future<Awaited<OverloadResult<F, A>>>;
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: KnownArgs<A, R>): Future<Awaited<R>>;
  submit<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): Future<Awaited<ReturnType<F>>>;
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>;

  /**
   * Runs `fn` for each item of a source and yields the results, by default in the order of the items. It pulls from the
   * source only as far as `buffersize` allows, so the source may be endless, and begins when the first result is asked
   * for. When the loop is left, the source is closed and tasks in line are cancelled.
   *
   * The first failure ends it, and says which item it was: an error has a field `itemIndex` (`TaskError`). With
   * `{ settled: true }` it yields for each item how its call ended (`MapOutcome`), and goes on.
   *
   * @param fn as for `submit`; called with the item alone. Of an overloaded function the compiler sees the last signature here; a
   * type assertion, `fn as (item: string) => Result`, chooses another one
   * @param source an iterable or async iterable; each item must be able to travel as an argument
   * @param options see `MapOptions` and `SettledMapOptions`
   * @throws TypeError, RangeError a bad option, or the view has a `transfer` list, which is that of a single task: use the `transfer`
   * option of `map`; NotShareableError the function cannot travel; InterpreterError (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool. The iteration throws what a call threw; NotShareableError an item
   * or a result cannot travel; InterpreterDiedError; a TimeoutError DOMException; the signal's reason; what the source
   * threw; and what `submit` throws.
   * @see CPython: `Executor.map`
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * let sum = 0;
   * for await (const root of executor.map(Math.sqrt, [1, 4, 9], { chunksize: "auto" })) sum += root;
   * console.log(sum); // 6
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * const parse = (text: string) => JSON.parse(text) as number;
   * const values: number[] = [];
   * for await (const outcome of executor.map(parse, ["1", "{", "3"], { settled: true })) {
   *   if (outcome.status === "fulfilled") values[outcome.index] = outcome.value;
   * }
   * console.log(values); // [ 1, <1 empty item>, 3 ]
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
   * Like `map`, but each item is an array of arguments.
   *
   * @param source an iterable or async iterable of argument lists
   * @throws as `map`; the iteration throws TypeError if an item is not an array
   * @see CPython: `multiprocessing.Pool.starmap`, and `Executor.map` with several iterables
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * for await (const power of executor.starmap(Math.pow, [[2, 3], [3, 2]])) console.log(power);
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
