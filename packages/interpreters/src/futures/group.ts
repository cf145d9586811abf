/**
 * Task groups (Python: `asyncio.TaskGroup`; Kotlin: `coroutineScope`; Java: `StructuredTaskScope`): tasks that belong together, and of which none
 * outlives its block.
 *
 *     open ──a task fails, its signal aborts, its time is up, cancel()──▶ cancelled: those in line are taken back, those that run are stopped
 *       └──────────────── the end of the block ──▶ waits for all tasks ──▶ ended: throws the first failure ◀──┘
 *
 * Running tasks are stopped as a task's own `signal` stops it, with their interpreters, which the pool replaces. In Python, Kotlin and
 * Java a cancelled task gets an exception at its next wait. JavaScript has no such place: to let it run on would keep the block waiting
 * for results that are not used, and for ever if the task hangs. A task that can end by itself when asked may be given a queue or
 * a SharedArrayBuffer that says so.
 */
import { onAbort } from "../base/abort.js";
import type { KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import { checkTimeout, ownOptions, show } from "../base/check.js";
import { CancelledError, InterpreterError } from "../base/errors.js";
import { timeoutError } from "../base/limits.js";
import { type Link, LinkedList } from "../base/linked-list.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { NativePromise } from "../platform/microtasks.js";
import { type Trace, takeTrace } from "../thread/trace.js";
import type { Future } from "./future.js";
import {
  cancelledError,
  checkGroupOptions,
  type GroupOptions,
  isPassedOn,
  NO_ERROR,
  throwAll,
  wasAborted,
} from "./group-options.js";
import { checkSubmitOptions, NO_OPTIONS, type SubmitOptions } from "./options.js";
import type { Pool } from "./pool.js";
import {
  type AnyMapOptions,
  argsOf,
  type MapOptions,
  type MapOutcome,
  type SettledMapOptions,
} from "./map.js";
import { listOf, map, refusedFuture, submitWithin, type TaskHow } from "./submit.js";

// As it was when this was loaded: a program may replace it.
const { AbortController } = globalThis;

/** What `TaskGroup.with` returns: a group whose tasks have options of their own. */
export type TaskGroupView = Pick<TaskGroup, "submit" | "map" | "starmap">;

/**
 * Tasks of a pool that belong together. `InterpreterPoolExecutor.group` makes one.
 *
 * - The end of the block (`await using`, or `run`) waits for all of them: none outlives it.
 * - The first failure cancels the others: those in line are taken back, and those that run are stopped, with their interpreters, as
 *   by a `signal`. Their futures reject with `CancelledError`.
 * - The end then throws: one failure as it is; several as an AggregateError, the first failure first. A task that was cancelled is no failure.
 * - The language does not say to `await using` whether the block threw. Such a block waits for the tasks all the same; if a task failed as
 *   well, a SuppressedError has both. `run` knows, cancels the tasks when its body throws, and throws one error. Prefer it where the
 *   body awaits its tasks.
 * - A failed future of the group is no unhandled rejection. A promise that `then` makes of it is one, if nothing handles its failure.
 *
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * const squares = [];
 * {
 *   await using group = executor.group();
 *   for (const n of [1, 2, 3]) squares.push(group.submit((n: number) => n * n, n));
 * }
 * console.log(await Promise.all(squares)); // [ 1, 4, 9 ]
 */
export class TaskGroup {
  readonly #pool: Pool;
  readonly #parent: TaskGroup | undefined;
  /** Stops the tasks that run. */
  readonly #controller = new AbortController();
  /** The tasks that are not done. */
  readonly #tasks = new LinkedList<Future<unknown>>();
  /** The groups within this one that have not ended. */
  readonly #groups = new Set<TaskGroup>();
  readonly #failures = new Set<unknown>();
  /** Why it was cancelled: the error that the end throws if no task has failed. */
  #cancelled: { readonly error: unknown } | undefined;
  #ended = false;
  /** Whether `run` runs it. */
  #runs = false;
  #whenEmpty: (() => void) | undefined;
  #end: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #stopListening: (() => void) | undefined;

  /** @internal */
  constructor(pool: Pool, { signal, timeout }: GroupOptions, parent?: TaskGroup) {
    this.#pool = pool;
    this.#parent = parent;
    if (signal !== undefined) {
      if (signal.aborted) this.#cancel(signal.reason);
      this.#stopListening = onAbort(signal, () => this.#cancel(signal.reason));
    }
    this.#timer = startTimer(checkTimeout(timeout), () =>
      this.#cancel(timeoutError(`Cannot finish a group of tasks: it was not done within ${timeout} ms`)),
    );
    this.#timer?.unref();
  }

  /**
   * Runs `fn(...args)` as a task of the group. Parameters and result as those of `InterpreterPoolExecutor.submit`. A failure that no
   * code observes is no unhandled rejection: the end of the group throws it. In a group that is cancelled already, the future rejects
   * with `CancelledError`.
   *
   * @throws InterpreterError (`ERR_GROUP_ENDED`) the group has ended; what `InterpreterPoolExecutor.submit` throws
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * const sum = await executor.group().run(async (group) => {
   *   const parts = [1, 2].map((n) => group.submit((n: number) => n * 10, n));
   *   return (await parts[0]) + (await parts[1]);
   * });
   * console.log(sum); // 30
   */
  submit<F, A extends OverloadArgs<F>>(fn: F, ...args: A): Future<Awaited<OverloadResult<F, A>>>;
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: KnownArgs<A, R>): Future<Awaited<R>>;
  submit<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): Future<Awaited<ReturnType<F>>>;
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>;
  submit(fn: Function, ...args: unknown[]): Future<never> {
    return this.#submit(true, fn, args, NO_OPTIONS, takeTrace(fn));
  }

  /**
   * As `InterpreterPoolExecutor.map`, but the calls are tasks of the group: the first failure cancels the group (not with `settled`), and so does
   * any other error that the iteration throws. The end of the block waits for the calls that were sent, and no item
   * is sent after it. With `chunksize`, a failure counts when the iteration comes to it.
   *
   * @throws InterpreterError (`ERR_GROUP_ENDED`) the group has ended, also from the iteration; what `InterpreterPoolExecutor.map` throws; in a
   * group that is cancelled, the iteration throws CancelledError
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * const sum = await executor.group().run(async (group) => {
   *   let sum = 0;
   *   for await (const root of group.map(Math.sqrt, [1, 4, 9])) sum += root;
   *   return sum;
   * });
   * console.log(sum); // 6
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
  map<I>(
    fn: Function,
    source: Iterable<I> | AsyncIterable<I>,
    options?: AnyMapOptions<I>,
  ): AsyncGenerator<never, void, undefined> {
    return this.#map("map", fn, listOf, source, NO_OPTIONS, options);
  }

  /**
   * Like `map`, but each item is an array of arguments.
   *
   * @throws as `map`; the iteration throws TypeError if an item is not an array
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * await using group = executor.group();
   * for await (const power of group.starmap(Math.pow, [[2, 3], [3, 2]])) console.log(power);
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
  starmap<A extends unknown[]>(
    fn: Function,
    source: Iterable<A> | AsyncIterable<A>,
    options?: AnyMapOptions<A>,
  ): AsyncGenerator<never, void, undefined> {
    return this.#map("starmap", fn, argsOf, source, NO_OPTIONS, options);
  }

  /**
   * A view of this group whose tasks have options: those of `InterpreterPoolExecutor.with`. A task that its own signal aborts is no
   * failure of the group.
   *
   * @throws TypeError, RangeError a bad option
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * await using group = executor.group();
   * group.with({ priority: 1, timeout: 10_000 }).submit(Math.hypot, 3, 4);
   */
  with(options: SubmitOptions): TaskGroupView {
    const own = ownOptions(options);
    checkSubmitOptions(own);
    const view: Record<keyof TaskGroupView, unknown> = {
      submit: (fn: Function, ...args: unknown[]) => this.#submit(true, fn, args, own, takeTrace(fn)),
      map: (fn: Function, source: Iterable<unknown>, more?: AnyMapOptions<unknown>) =>
        this.#map("map", fn, listOf, source, own, more),
      starmap: (fn: Function, source: Iterable<unknown[]>, more?: AnyMapOptions<unknown[]>) =>
        this.#map("starmap", fn, argsOf, source, own, more),
    };
    // The compiler cannot compare overloads with a function.
    return view as unknown as TaskGroupView;
  }

  /**
   * A group within this one: when this one is cancelled, so is the inner one, and this one waits for its tasks. Its failure is its own
   * block's; if that does not catch it, it leaves this one's block, too. The end of this one throws the failure of an inner group
   * that has no block.
   *
   * @throws as `InterpreterPoolExecutor.group`; InterpreterError (`ERR_GROUP_ENDED`) this group has ended
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * await using outer = executor.group();
   * const inner = outer.group({ timeout: 10_000 });
   * await inner.run((group) => group.submit(Math.abs, -1)); // 1
   */
  group(options: GroupOptions = {}): TaskGroup {
    options = ownOptions(options);
    checkGroupOptions(options);
    this.#checkOpen("open a group in it");
    const inner = new TaskGroup(this.#pool, options, this);
    this.#groups.add(inner);
    if (this.#cancelled !== undefined) inner.#cancel(cancelledError(this.#cancelled.error));
    return inner;
  }

  /**
   * Cancels the tasks that are not done. The block then ends without an error, unless a task has failed before. For a race whose first result is
   * enough, for instance.
   *
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * const first = await executor.group().run(async (group) => {
   *   const wait = (ms: number) => new Promise<number>((resolve) => setTimeout(resolve, ms, ms));
   *   const winner = await Promise.race([group.submit(wait, 1), group.submit(wait, 100_000)]);
   *   group.cancel();
   *   return winner;
   * });
   * console.log(first); // 1
   */
  cancel(): void {
    this.#cancel(NO_ERROR);
  }

  /**
   * Runs `body` and then ends the group, as the end of an `await using` block does. If `body` throws, the tasks are cancelled.
   *
   * @returns what `body` returned
   * @throws the first failure of a task, or an AggregateError of all; what `body` threw, if no task had failed; the signal's reason; a
   * TimeoutError DOMException. All as a rejection.
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * const failed = executor.group().run(async (group) => {
   *   group.submit(() => { throw new RangeError("too far"); });
   *   await group.submit(() => new Promise(() => {})); // cancelled
   * });
   * console.log(String(await failed.catch((error: unknown) => error))); // RangeError: too far
   */
  async run<T>(body: (group: this) => T | PromiseLike<T>): Promise<T> {
    if (typeof body !== "function") throw new TypeError(`run: body must be a function, found ${show(body)}`);
    this.#runs = true;
    let result: T;
    try {
      result = await body(this);
    } catch (error) {
      if (!isPassedOn(error, this.#cancelled)) this.#failures.add(error);
      this.#cancel(error);
      await this.#finish();
      throw error;
    }
    await this.#finish();
    return result;
  }

  /** Ends the group: waits for its tasks. @throws as `run` */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#finish();
  }

  #map<I>(
    what: string,
    fn: Function,
    toArgs: (item: I, index: number) => unknown[],
    source: Iterable<I> | AsyncIterable<I>,
    own: SubmitOptions,
    options: AnyMapOptions<I> = {},
  ): AsyncGenerator<never, void, undefined> {
    this.#checkOpen(what);
    const counts = ownOptions(options).settled !== true;
    return map(this.#pool, what, fn, toArgs, source, own, options, {
      submit: (_pool, ...task) => this.#submit(counts, ...task),
      onFailure: (error) => this.#fail(error),
      signal: this.#controller.signal,
    });
  }

  #submit<T>(
    counts: boolean,
    fn: Function,
    args: readonly unknown[],
    options: SubmitOptions,
    trace: Trace,
    how?: TaskHow,
  ): Future<T> {
    this.#checkOpen("submit a task");
    if (this.#cancelled !== undefined)
      return refusedFuture(this.#pool.tasks, cancelledError(this.#cancelled.error), options, trace);
    const future = submitWithin<T>(this.#controller.signal, this.#pool, fn, args, options, trace, how);
    const link = this.#tasks.add(future);
    future.addDoneListener(() => this.#done(future, link, counts));
    return future;
  }

  /** `counts`: whether its failure cancels the group. */
  #done(future: Future<unknown>, link: Link<Future<unknown>>, counts: boolean): void {
    this.#tasks.remove(link);
    const outcome = future.settled();
    if (counts && outcome.status === "rejected" && !future.cancelled() && !wasAborted(future, outcome.reason))
      this.#fail(outcome.reason);
    this.#checkEmpty();
  }

  #fail(error: unknown): void {
    // The group cancelled this task itself.
    if (error instanceof CancelledError && this.#cancelled !== undefined) return;
    this.#failures.add(error);
    this.#cancel(error);
  }

  #cancel(error: unknown): void {
    if (this.#cancelled !== undefined) return;
    this.#cancelled = { error };
    const reason = cancelledError(error);
    this.#tasks.forEach((task) => task.cancel());
    this.#controller.abort(reason);
    for (const group of this.#groups) group.#cancel(reason);
  }

  #checkOpen(what: string): void {
    if (!this.#ended) return;
    throw new InterpreterError(`Cannot ${what}: the group has ended`, { code: "ERR_GROUP_ENDED" });
  }

  get #isEmpty(): boolean {
    return this.#tasks.size === 0 && [...this.#groups].every((group) => group.#isEmpty);
  }

  #checkEmpty(): void {
    if (this.#isEmpty) this.#whenEmpty?.();
    if (this.#parent !== undefined) this.#parent.#checkEmpty();
  }

  /** Ends the group once. */
  #finish(): Promise<void> {
    return (this.#end ??= this.#wait());
  }

  async #wait(): Promise<void> {
    // The end of one task may make its listeners submit another.
    while (!this.#isEmpty) await new NativePromise<void>((resolve) => (this.#whenEmpty = resolve));
    this.#close();
    throwAll(this.#errors);
  }

  /** The errors that its end throws. */
  get #errors(): readonly unknown[] {
    if (this.#failures.size > 0) return [...this.#failures];
    const { error } = this.#cancelled ?? { error: NO_ERROR };
    return error === NO_ERROR ? [] : [error];
  }

  #close(): void {
    this.#ended = true;
    stopTimer(this.#timer);
    this.#stopListening?.();
    for (const group of this.#groups) {
      group.#close();
      if (group.#runs || group.#end !== undefined) continue;
      // Nothing else would report it. If this group was cancelled, so was that one.
      const errors = this.#cancelled === undefined ? group.#errors : group.#failures;
      for (const error of errors) this.#failures.add(error);
    }
    if (this.#parent !== undefined) this.#parent.#groups.delete(this);
  }
}
