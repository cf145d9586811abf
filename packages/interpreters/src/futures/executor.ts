/**
 * A pool of interpreters (PEP 734, "InterpreterPoolExecutor"; CPython: `concurrent.futures.InterpreterPoolExecutor`).
 *
 *     submitter's thread            shared memory                       a worker's thread
 *
 *     submit(fn, …args)             ┌──────────────────────────┐
 *       │ 1 encode, put ──────────▶ │ the pool's queue         │ ─ 3 take, record ─▶ execution
 *       │ 2 ring a waiting worker   │ (one for each priority)  │   in one lock step    │ 4 decode, call, await
 *       ▼                           └──────────────────────────┘                       │
 *     Future, in the                ┌──────────────────────────┐                       │
 *     pending table ◀─── 6 settle ─ │ the submitter's mailbox  │ ◀──── 5 reply ────────┘
 *                                   └──────────────────────────┘
 *
 * All workers share the queue, and each takes one task after the other. So no task waits behind a slow one while a
 * worker is idle, and workers go on while the submitter's thread is busy.
 *
 * This file is what users see. pool.ts decides when workers start and how the pool ends, tasks.ts keeps the tasks,
 * workers.ts the interpreters. README.md in this folder explains how pools work, and draws the life of a task.
 */
import { ownOptions } from "../base/check.js";
import { reportError } from "../base/report.js";
import { runtime } from "../thread/current.js";
import { takeTrace } from "../thread/trace.js";
import type { Iterated, KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import {
  iterate,
  iterateSync,
  type Iteration,
  type IterationOf,
  type SyncIteration,
  type SyncIterationOf,
} from "../interpreter/iteration.js";
import type { Executor } from "./executor-type.js";
import type { Future } from "./future.js";
import { checkGroupOptions, type GroupOptions, TaskGroup } from "./group.js";
import { iterating } from "./iterate.js";
import {
  type AnyMapOptions,
  argsOf,
  type MapOptions,
  type MapOutcome,
  type SettledMapOptions,
} from "./map.js";
import {
  checkExecutorOptions,
  checkRoomOptions,
  checkShutdownOptions,
  checkSubmitOptions,
  type ExecutorOptions,
  type Initargs,
  type ProgressOptions,
  type IterateTaskOptions,
  type RoomOptions,
  type ShutdownOptions,
  type SubmitOptions,
} from "./options.js";
import { Pool } from "./pool.js";
import type { ExecutorStats } from "./stats.js";
import { listOf, map, submit } from "./submit.js";
import { type ExecutorView, type ProgressView, progressViewOf, viewOf } from "./view.js";

/**
 * Runs functions in a pool of interpreters, each on a thread of its own.
 *
 * Interpreters start when tasks need them, up to `maxWorkers`. An executor without pending futures does not keep the
 * process alive, and one that is no longer reachable is closed; `await using` closes it at the end of the block, after
 * its tasks.
 *
 * @typeParam A the initializer's parameters
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * await executor.submit((n: number) => n * 2, 21); // 42
 * for await (const square of executor.map((n: number) => n * n, [1, 2, 3])) console.log(square);
 */
export class InterpreterPoolExecutor<A extends unknown[] = unknown[]> implements Executor, ExecutorView {
  /** The most interpreters that it has at a time: the option, or the number of processors. */
  readonly maxWorkers: number;
  readonly #pool: Pool;

  /**
   * @param options see `ExecutorOptions`; all are optional
   * @throws TypeError, RangeError a bad option; NotShareableError the initializer, `initargs` or `shared` cannot travel;
   * InterpreterError (`ERR_INTERPRETER_LIMIT`) `minWorkers` interpreters cannot be created
   */
  constructor(options?: ExecutorOptions<A> & Initargs<A>) {
    // The compiler has checked what the initializer takes. From here on it is any function.
    const checked = checkExecutorOptions(options === undefined ? {} : options);
    this.#pool = new Pool(runtime(), this, checked);
    this.maxWorkers = this.#pool.maxWorkers;
  }

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
  submit(fn: Function, ...args: unknown[]): Future<never> {
    return submit(this.#pool, fn, args, NO_OPTIONS, takeTrace(fn));
  }

  /**
   * A view of this executor whose tasks have options: a time limit, a signal, buffers to move, a priority, or a listener to their
   * progress (`ProgressOptions`). The executor itself stays as it is.
   *
   * @param options copied now: later changes do not count
   * @throws TypeError, RangeError a bad option
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const bytes = new ArrayBuffer(1_000_000);
   * const size = executor.with({ priority: 1, transfer: [bytes] }).submit((b: ArrayBuffer) => b.byteLength, bytes);
   * console.log(await size, bytes.byteLength); // 1000000 0
   */
  with<P>(options: ProgressOptions<P>): ProgressView<P>;
  with(options: IterateTaskOptions): ExecutorView;
  with(options: IterateTaskOptions & Partial<ProgressOptions<never>>): unknown {
    const { onProgress, ...others } = checkSubmitOptions(options);
    const own = ownOptions(others);
    return onProgress === undefined
      ? viewOf(this.#pool, own, this)
      : progressViewOf(this.#pool, own, onProgress);
  }

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
   * @throws TypeError, RangeError a bad option; NotShareableError the function cannot travel; InterpreterError
   * (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool. The iteration throws what a call threw; NotShareableError an item
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
  map<I>(
    fn: Function,
    source: Iterable<I> | AsyncIterable<I>,
    options?: AnyMapOptions<I>,
  ): AsyncGenerator<never, void, undefined> {
    return map(this.#pool, "map", fn, listOf, source, NO_OPTIONS, options);
  }

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
  starmap<A extends unknown[]>(
    fn: Function,
    source: Iterable<A> | AsyncIterable<A>,
    options?: AnyMapOptions<A>,
  ): AsyncGenerator<never, void, undefined> {
    return map(this.#pool, "starmap", fn, argsOf, source, NO_OPTIONS, options);
  }

  /**
   * Runs a generator in the next worker that is free, and iterates over its items; see `Interpreter.iterate`. While it waits for the
   * loop, its worker runs other tasks, and the generator goes on as soon as there is room, between them or beside one that awaits. It is never run
   * again (`retries`), because its items have been seen. An error in it arrives as that of a task (`TaskError`), after the items before it.
   *
   * @param fn as for `submit`, and generator functions
   * @param args its arguments, which are copied when the first item is asked for
   * @throws NotShareableError the function cannot travel; InterpreterError (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool. The
   * iteration throws what the generator threw, and what the future of a task may reject with.
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * const rows = executor.iterate(function* (from: number) {
   *   for (let row = from; ; row++) yield row;
   * }, 10);
   * for await (const row of rows) {
   *   if ((await executor.submit((n: number) => n * 2, row)) > 22) break;
   * }
   */
  iterate<F, B extends OverloadArgs<F>>(fn: F, ...args: B): IterationOf<OverloadResult<F, B>>;
  iterate<B extends unknown[], R extends Iterated>(
    fn: (...args: B) => R,
    ...args: KnownArgs<B, R>
  ): IterationOf<R>;
  iterate<B extends unknown[], F extends (...args: B) => Loose>(
    fn: F,
    ...args: TypingArgs<B, F>
  ): IterationOf<ReturnType<F>>;
  iterate<B extends unknown[], R extends Iterated>(fn: (...args: B) => R, ...args: B): IterationOf<R>;
  iterate(fn: Function, ...args: unknown[]): Iteration<never, never> {
    return iterate(iterating(this.#pool, fn, args, NO_OPTIONS, takeTrace(fn)), this);
  }

  /**
   * Like `iterate`, but blocks this thread while it waits for an item.
   *
   * @throws as `iterate`
   * @example
   * using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * for (const entry of executor.iterateSync((text: string) => text.split(" "), "a b")) console.log(entry);
   */
  iterateSync<F, B extends OverloadArgs<F>>(fn: F, ...args: B): SyncIterationOf<OverloadResult<F, B>>;
  iterateSync<B extends unknown[], R extends Iterated>(
    fn: (...args: B) => R,
    ...args: KnownArgs<B, R>
  ): SyncIterationOf<R>;
  iterateSync<B extends unknown[], F extends (...args: B) => Loose>(
    fn: F,
    ...args: TypingArgs<B, F>
  ): SyncIterationOf<ReturnType<F>>;
  iterateSync<B extends unknown[], R extends Iterated>(fn: (...args: B) => R, ...args: B): SyncIterationOf<R>;
  iterateSync(fn: Function, ...args: unknown[]): SyncIteration<never, never> {
    return iterateSync(iterating(this.#pool, fn, args, NO_OPTIONS, takeTrace(fn)), this);
  }

  /**
   * A group of tasks that belong together, and of which none outlives the block: the first failure cancels the others and is thrown at the
   * end. See `TaskGroup`.
   *
   * @param options `signal` and `timeout` of the whole group
   * @throws TypeError, RangeError a bad option; InterpreterError (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool
   * @see Python: `asyncio.TaskGroup`
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * await using group = executor.group({ timeout: 60_000 });
   * for (const n of [1, 2, 3]) group.submit((n: number) => n * n, n);
   */
  group(options: GroupOptions = {}): TaskGroup {
    options = ownOptions(options);
    checkGroupOptions(options);
    this.#pool.checkUsable();
    return new TaskGroup(this.#pool, options);
  }

  /**
   * Resolves when `submit` finds room in a pool with `maxQueue`, at once if there is room now. Waiters are served in order. The
   * place is not reserved: what submits in between may take it.
   *
   * @param options `timeout` and `signal`
   * @throws a TimeoutError DOMException; the signal's reason; TypeError, RangeError a bad option; InterpreterError
   * (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool. All as a rejection.
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2, maxQueue: 8 });
   * const futures: Future<number>[] = [];
   * for (let n = 0; n < 100; n++) {
   *   await executor.room();
   *   futures.push(executor.submit((x: number) => x * x, n));
   * }
   * console.log((await Promise.all(futures)).length); // 100
   */
  async room(options: RoomOptions = {}): Promise<void> {
    await this.#pool.waitForRoom(checkRoomOptions("room", options), ownOptions(options).signal);
  }

  /**
   * Like `room`, but blocks this thread.
   *
   * @throws as `room`, but synchronously
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1, maxQueue: 0 });
   * const first = executor.submit(() => "first");
   * executor.roomSync({ timeout: 60_000 });
   * console.log(first.done()); // true
   */
  roomSync(options: RoomOptions = {}): void {
    this.#pool.waitForRoomSync(checkRoomOptions("roomSync", options));
  }

  /**
   * A snapshot of how much there is to do, what is done, and how long it took. To observe single tasks and interpreters,
   * subscribe to the channels of `TaskEvent` and `WorkerEvent`.
   *
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * await executor.submit(() => 1);
   * const { completed, runTime } = executor.stats();
   * console.log(completed, runTime.count); // 1 1
   */
  stats(): ExecutorStats {
    return this.#pool.stats();
  }

  /**
   * Takes no more tasks: `submit` and `map` throw from now on. Tasks that are submitted still run, and then the
   * interpreters are closed. May be called again, for instance to cancel what still waits, or to wait.
   *
   * @param options `wait` (default true): resolve when all tasks are done and all interpreters are gone, instead of at
   * once. `cancelFutures` (default false): cancel the tasks in line; running tasks end as they would. `timeout`
   * (milliseconds; default: `shutdownTimeout` of the executor): stop all interpreters after it, as `terminateWorkers` does
   * @throws TypeError, RangeError a bad option. As a rejection.
   * @see CPython: `Executor.shutdown`
   * @example
   * const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const future = executor.submit(() => "done");
   * await executor.shutdown({ timeout: 10_000 });
   * future.done(); // true
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    const { wait = true, cancelFutures = false, timeout } = checkShutdownOptions("shutdown", options);
    const finished = this.#pool.finish(cancelFutures, timeout);
    if (wait) await finished;
    else finished.catch(reportError);
  }

  /**
   * Like `shutdown`, but blocks this thread, and does not wait for sinks of the interpreters' output.
   *
   * @param options as for `shutdown`
   * @throws TypeError, RangeError a bad option
   * @example
   * const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const future = executor.submit(() => "done");
   * executor.shutdownSync();
   * future.resultSync(); // "done"
   */
  shutdownSync(options: ShutdownOptions = {}): void {
    const { wait = true, cancelFutures = false, timeout } = checkShutdownOptions("shutdownSync", options);
    if (wait) this.#pool.finishSync(cancelFutures, timeout);
    else this.#pool.finish(cancelFutures, timeout).catch(reportError);
  }

  /**
   * Stops all interpreters at once, whatever they do, and takes no more tasks. Tasks in line are cancelled. Running tasks
   * fail with `InterpreterDiedError` (`reason: "terminated"`), whatever `retries` they have left; such a failure is no
   * unhandled rejection. Resolves when the interpreters are gone.
   *
   * @see CPython 3.14: `ProcessPoolExecutor.terminate_workers`
   * @example
   * const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const [hung, inLine] = [1, 2].map(() => executor.submit(() => { for (;;); }));
   * while (!hung.running()) await new Promise((resolve) => setImmediate(resolve));
   * await executor.terminateWorkers();
   * console.log(String(await hung.exception()), inLine.cancelled());
   */
  async terminateWorkers(): Promise<void> {
    await this.#pool.finish(true, 0);
  }

  /**
   * Like `terminateWorkers`, but blocks this thread.
   *
   * @example
   * const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const hung = executor.submit(() => { for (;;); });
   * executor.terminateWorkersSync();
   * hung.done(); // true
   */
  terminateWorkersSync(): void {
    this.#pool.finishSync(true, 0);
  }

  /** Shuts the executor down and waits, at most `shutdownTimeout` (`await using`). Never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** Shuts the executor down and blocks this thread, at most `shutdownTimeout` (`using`). Never throws. */
  [Symbol.dispose](): void {
    this.shutdownSync();
  }
}

const NO_OPTIONS: SubmitOptions = ownOptions({});
