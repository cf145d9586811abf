/**
 * Waiting for several futures at once (CPython: `concurrent.futures.wait` and `as_completed`).
 *
 * A wait registers one listener with each future and removes all of them when it ends, however it ends. So a future may
 * be waited for any number of times. A future that is handed over as done counts as observed: its failure is no unhandled
 * rejection then. A future that is not done when the wait ends is left as it was.
 */
import { NativePromise } from "../platform/microtasks.js";
import { onAbort } from "../base/abort.js";
import { checkOptions, checkSignal, checkTimeout, ownOptions, show } from "../base/check.js";
import { ANYONE_TASKS } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import { AnyoneWait } from "../thread/waits.js";
import { Future } from "./future.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { blockOn } from "./settled.js";
import { timeoutError } from "../base/limits.js";

/**
 * When `wait` ends: when all futures are done; when one is done; or when one has failed, or all are done. (CPython: the
 * constants of the same names.)
 */
export type ReturnWhen = "ALL_COMPLETED" | "FIRST_COMPLETED" | "FIRST_EXCEPTION";
const RETURN_WHEN: readonly unknown[] = ["ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"];

/** Options of `wait` and `waitSync`. An unknown option is a TypeError. */
export interface WaitFuturesOptions {
  /** The most milliseconds to wait. Default: no limit. After that, the wait ends with the futures that are done by then. */
  timeout?: number | undefined;
  /** Default: `"ALL_COMPLETED"`. A cancelled future counts as done, but not as failed. */
  returnWhen?: ReturnWhen | undefined;
  /**
   * Ends the wait, which then rejects with the signal's reason. `waitSync` throws the reason of a signal that has aborted
   * already; no signal can abort while the thread is blocked.
   */
  signal?: AbortSignal | undefined;
}

/** Options of `asCompleted`. An unknown option is a TypeError. */
export interface AsCompletedOptions {
  /** Milliseconds, from the call on, within which all futures must be done. Default: no limit. */
  timeout?: number | undefined;
  /** Ends the iteration, which then throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * What `wait` returns: each future is in one of the sets, in the order given. (CPython: `DoneAndNotDoneFutures`.)
 *
 * @typeParam F the type of the futures
 */
export interface DoneAndNotDone<F> {
  /** Futures that are finished or cancelled. */
  readonly done: Set<F>;
  /** The others: in line or running. */
  readonly notDone: Set<F>;
}

/**
 * A future that is done, and how it ended, in the shape of `Promise.allSettled`: `status`, and `value` or `reason`. A
 * cancelled one is rejected with its CancelledError. The future is wrapped in an object because `for await`, and the
 * compiler, would replace a bare one by its result.
 *
 * @typeParam F the type of the future
 */
export type Completed<F> =
  F extends Future<infer T> ? { readonly future: F } & PromiseSettledResult<T> : never;

const WAIT_OPTIONS: readonly string[] = ["timeout", "returnWhen", "signal"];

/** A future as a wait takes it. Waits keep the types of results: with mixed futures, each has one of the types given. */
type AnyFuture = Future<unknown>;

/**
 * Waits until futures are done: all of them, or the first one (`returnWhen`). It is no error if `timeout` ends the wait.
 *
 * The futures in `done` are observed: their failures are no unhandled rejections. The others go on, and may be waited
 * for again.
 *
 * @param futures an iterable of futures, of any executors; one that is given twice counts once
 * @param options see `WaitFuturesOptions`
 * @throws TypeError an item is not a Future, or a bad option; RangeError a negative timeout; the signal's reason. All as
 * a rejection.
 * @see CPython: `concurrent.futures.wait`
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * const futures = [1, 2, 3].map((n) => executor.submit((x: number) => x * x, n));
 * const { notDone } = await wait(futures, { returnWhen: "FIRST_COMPLETED" });
 * for (const future of notDone) future.cancel();
 */
export async function wait<F extends AnyFuture>(
  futures: Iterable<F>,
  options: WaitFuturesOptions = {},
): Promise<DoneAndNotDone<F>> {
  const { all, timeout, returnWhen, signal } = checkWait("wait", futures, options, WAIT_OPTIONS);
  signal?.throwIfAborted();
  const over = overWhen(all, returnWhen);
  const pending = [...all].filter((future) => !future.done());
  if (!over() && timeout > 0) {
    await new NativePromise<void>((resolve, reject) => {
      let left = pending.length;
      const end = (settle: () => void): void => {
        stopTimer(timer);
        stopListening?.();
        for (const future of pending) future.removeDoneListener(onDone);
        settle();
      };
      const onDone = (future: AnyFuture): void => {
        left--;
        observe(future);
        const first =
          returnWhen === "FIRST_COMPLETED" || (returnWhen === "FIRST_EXCEPTION" && future.failed());
        if (left === 0 || first) end(resolve);
      };
      const timer = startTimer(timeout, () => end(resolve));
      const stopListening = signal && onAbort(signal, () => end(() => reject(signal.reason)));
      for (const future of pending) future.addDoneListener(onDone);
    });
  }
  return divide(all);
}

/**
 * Like `wait`, but blocks this thread until the wait ends.
 *
 * @param futures as for `wait`
 * @param options see `WaitFuturesOptions`
 * @throws as `wait`, but synchronously
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * const futures = [1, 2, 3].map((n) => executor.submit((x: number) => x * x, n));
 * const { done } = waitSync(futures);
 * console.log([...done].map((future) => future.resultSync())); // [ 1, 4, 9 ]
 */
export function waitSync<F extends AnyFuture>(
  futures: Iterable<F>,
  options: WaitFuturesOptions = {},
): DoneAndNotDone<F> {
  const { all, timeout, returnWhen, signal } = checkWait("waitSync", futures, options, WAIT_OPTIONS);
  signal?.throwIfAborted();
  const rt = runtime();
  const wait = new AnyoneWait(rt, "wait for tasks", ANYONE_TASKS);
  blockOn(rt, all, overWhen(all, returnWhen), timeout, wait);
  return divide(all);
}

/**
 * Yields the futures as they are done, each with how it ended: first those that are done already, in the order given, then
 * each as soon as it is. A failed future does not end the iteration. A loop that is left leaves no listener behind.
 *
 * The timeout counts from the call, as in CPython. When it has passed, the futures that are done are still yielded, and
 * then the iteration throws a TimeoutError DOMException. As with `wait`, a future that was yielded is observed.
 *
 * @param futures an iterable of futures, of any executors; one that is given twice is yielded once
 * @param options see `AsCompletedOptions`
 * @throws TypeError an item is not a Future, or a bad option; RangeError a negative timeout. The iteration throws a
 * TimeoutError DOMException, or the signal's reason.
 * @see CPython: `concurrent.futures.as_completed`
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * const futures = [1, 2, 3].map((n) => executor.submit((x: number) => x * x, n));
 * for await (const { future, status } of asCompleted(futures)) console.log(futures.indexOf(future), status);
 */
export function asCompleted<F extends AnyFuture>(
  futures: Iterable<F>,
  options: AsCompletedOptions = {},
): AsyncIterator<Completed<F>, undefined, undefined> & AsyncIterable<Completed<F>> {
  const { all, timeout, signal } = checkWait("asCompleted", futures, options, ["timeout", "signal"]);
  return new Completion(all, timeout, signal);
}

/** Not a generator: it listens, and time counts, from the call on, and not only from the first `next()`. */
class Completion<F extends AnyFuture> implements AsyncIterableIterator<Completed<F>, undefined, undefined> {
  /** How many futures were given, and the limit in milliseconds: for the message. */
  readonly #total: number;
  readonly #timeout: number;
  /** Futures that are not done. Each has #onDone as a listener; a future that is not here has not. */
  readonly #pending: Set<AnyFuture>;
  /** Futures that are done and not yet yielded, in order. */
  readonly #done: AnyFuture[] = [];
  /** Calls of `next()` that wait for a future, in order. Empty while #done is not. */
  readonly #asking: { give(future: AnyFuture): void; end(): void; fail(error: unknown): void }[] = [];
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #stopListening: (() => void) | undefined;
  /** The error that the iteration throws once #done is empty. */
  #failure: { error: unknown } | undefined;
  /** Whether the iteration has ended. */
  #over = false;

  constructor(futures: Set<F>, timeout: number, signal: AbortSignal | undefined) {
    this.#total = futures.size;
    this.#timeout = timeout;
    this.#pending = new Set([...futures].filter((future) => !future.done()));
    for (const future of futures) if (future.done()) this.#done.push(future);
    for (const future of this.#done) observe(future);
    for (const future of this.#pending) future.addDoneListener(this.#onDone);
    if (this.#pending.size === 0) return;
    if (signal?.aborted === true) this.#fail(signal.reason);
    else this.#stopListening = signal && onAbort(signal, () => this.#fail(signal.reason));
    this.#timer = startTimer(timeout, () => this.#fail(this.#timeoutError()));
    // Only a call of `next()` that waits keeps the process alive.
    this.#timer?.unref();
  }

  next(): Promise<IteratorResult<Completed<F>, undefined>> {
    const ready = this.#done.shift();
    if (ready !== undefined) return NativePromise.resolve({ value: completed(ready), done: false });
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      this.#end();
      return NativePromise.reject(error);
    }
    if (this.#over || this.#pending.size <= this.#asking.length) {
      return NativePromise.resolve({ value: undefined, done: true });
    }
    this.#timer?.ref();
    return new NativePromise((resolve, reject) => {
      this.#asking.push({
        give: (future) => resolve({ value: completed(future), done: false }),
        end: () => resolve({ value: undefined, done: true }),
        fail: reject,
      });
    });
  }

  return(): Promise<IteratorResult<Completed<F>, undefined>> {
    this.#end();
    return NativePromise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  readonly #onDone = (future: AnyFuture): void => {
    // The iteration may have ended just before this callback.
    if (!this.#pending.delete(future)) return;
    observe(future);
    const first = this.#asking.shift();
    if (first === undefined) this.#done.push(future);
    else first.give(future);
    if (this.#asking.length === 0) this.#timer?.unref();
    if (this.#pending.size === 0) this.#release();
  };

  /** Ends the wait. The error is thrown after the futures that are done. */
  #fail(error: unknown): void {
    this.#release();
    const first = this.#asking.shift();
    if (first === undefined) this.#failure = { error };
    else {
      first.fail(error);
      this.#end();
    }
  }

  /** Ends the iteration. */
  #end(): void {
    this.#release();
    this.#over = true;
    this.#done.length = 0;
    for (const each of this.#asking.splice(0)) each.end();
  }

  /** Removes the timer and all listeners. */
  #release(): void {
    stopTimer(this.#timer);
    this.#stopListening?.();
    for (const future of this.#pending) future.removeDoneListener(this.#onDone);
    this.#pending.clear();
  }

  #timeoutError(): DOMException {
    const { size } = this.#pending;
    return timeoutError(
      `asCompleted: ${size} of ${this.#total} futures were not done within ${this.#timeout} ms; they go on`,
    );
  }
}

function checkWait<F extends AnyFuture>(
  what: string,
  futures: Iterable<F>,
  options: WaitFuturesOptions,
  known: readonly string[],
): { all: Set<F>; timeout: number; returnWhen: ReturnWhen; signal: AbortSignal | undefined } {
  checkOptions(what, options, known);
  const { timeout: limit, returnWhen = "ALL_COMPLETED", signal } = ownOptions(options);
  const timeout = checkTimeout(limit);
  checkSignal(signal);
  if (!RETURN_WHEN.includes(returnWhen)) {
    throw new TypeError(
      `${what}: returnWhen must be one of ${RETURN_WHEN.join(", ")}, found ${show(returnWhen)}`,
    );
  }
  if (typeof (futures as Partial<Iterable<F>> | null | undefined)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`${what}: expected an iterable of futures, found ${show(futures)}`);
  }
  const given = [...futures];
  const wrong = given.findIndex((future: unknown) => !(future instanceof Future));
  if (wrong !== -1) {
    throw new TypeError(`${what}: futures[${wrong}] is not a Future, found ${show(given[wrong])}`);
  }
  return { all: new Set(given), timeout, returnWhen, signal };
}

/** A function that says whether the wait is over. */
function overWhen(all: ReadonlySet<AnyFuture>, returnWhen: ReturnWhen): () => boolean {
  // Futures stay done, so each check continues where the last one ended.
  const left = [...all];
  const every = (): boolean => {
    while (left.length > 0 && left[left.length - 1].done()) left.pop();
    return left.length === 0;
  };
  if (returnWhen === "ALL_COMPLETED") return every;
  if (returnWhen === "FIRST_COMPLETED") return () => all.size === 0 || left.some((future) => future.done());
  return () => left.some((future) => future.failed()) || every();
}

function divide<F extends AnyFuture>(all: ReadonlySet<F>): DoneAndNotDone<F> {
  const result = { done: new Set<F>(), notDone: new Set<F>() };
  for (const future of all) {
    const done = future.done();
    if (done) observe(future);
    (done ? result.done : result.notDone).add(future);
  }
  return result;
}

function completed<F>(future: AnyFuture): Completed<F> {
  return { future, ...future.settled() } as unknown as Completed<F>;
}

/** Marks how a future ended as observed: the caller is about to get it. */
function observe(future: AnyFuture): void {
  future.abandon();
}
