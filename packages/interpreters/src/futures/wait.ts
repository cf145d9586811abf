/**
 * Waiting for several futures at once (CPython: `concurrent.futures.wait` and `as_completed`).
 *
 * Whoever waits leaves one callback with each future, and takes all of them away again when the wait ends, however it
 * ends: a future may be waited for any number of times. Handing a future over as done is looking at it, so that its
 * failure is no unhandled rejection; one that was not done when the wait ended is left as it was.
 */
import { onAbort } from "../base/abort.js";
import { checkOptions, checkSignal, checkTimeout, show } from "../base/check.js";
import { runtime } from "../thread/current.js";
import { Future } from "./future.js";
import { startTimer, stopTimer } from "../base/timer.js";

/** When `wait` is over: all are done, one is, or one failed (and, failing that, all are done). */
export type ReturnWhen = "ALL_COMPLETED" | "FIRST_COMPLETED" | "FIRST_EXCEPTION";
const RETURN_WHEN: readonly unknown[] = ["ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"];

export interface WaitFuturesOptions {
  /** Milliseconds to wait at most; no limit by default. When they are over, `wait` resolves with what is done. */
  timeout?: number;
  /** Default: `ALL_COMPLETED`. A cancelled future counts as done, and not as failed. */
  returnWhen?: ReturnWhen;
  /** Ends the wait, which then rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface AsCompletedOptions {
  /** Milliseconds, from the call on, within which all have to be done; no limit by default. */
  timeout?: number;
  /** Ends the iteration, which then throws the signal's reason. */
  signal?: AbortSignal;
}

/** What `wait` gives: each future is in one of the sets. */
export interface DoneAndNotDone<F> {
  /** Finished or cancelled. */
  readonly done: Set<F>;
  readonly notDone: Set<F>;
}

/**
 * A future that is done, and how it ended, in the shape of `Promise.allSettled`; a cancelled one is rejected with its
 * CancelledError. An object around it, and not the future itself, because `for await` and the compiler take a thing
 * that can be awaited for what it will become.
 */
export type Completed<F> =
  F extends Future<infer T> ? { readonly future: F } & PromiseSettledResult<T> : never;

/** Futures as a wait takes them. Their results' types are kept: of mixed ones, each is one of the types given. */
type AnyFuture = Future<unknown>;

/**
 * Waits until futures are done, all of them or the first one (`returnWhen`), or `timeout` milliseconds went by, which
 * is no error. They may be of several executors; one that is given twice counts once.
 *
 * Whoever waits has seen how those in `done` ended: none of them is an unhandled rejection.
 *
 * @throws TypeError something is not a Future, or a bad option; RangeError a negative timeout; the signal's reason
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
  const { all, timeout, returnWhen } = checkWait("wait", futures, options, [
    "timeout",
    "returnWhen",
    "signal",
  ]);
  const { signal } = options;
  signal?.throwIfAborted();
  const over = overWhen(all, returnWhen);
  const pending = [...all].filter((future) => !future.done());
  if (!over() && timeout > 0) {
    await new Promise<void>((resolve, reject) => {
      let left = pending.length;
      const end = (settle: () => void): void => {
        stopTimer(timer);
        stopListening?.();
        for (const future of pending) future.removeDoneListener(onDone);
        settle();
      };
      const onDone = (future: AnyFuture): void => {
        left--;
        look(future);
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
 * As `wait`, blocking this thread.
 *
 * @throws TypeError, RangeError as `wait`
 */
export function waitSync<F extends AnyFuture>(
  futures: Iterable<F>,
  options: Omit<WaitFuturesOptions, "signal"> = {},
): DoneAndNotDone<F> {
  const { all, timeout, returnWhen } = checkWait("waitSync", futures, options, ["timeout", "returnWhen"]);
  runtime().blockUntil(overWhen(all, returnWhen), timeout);
  return divide(all);
}

/**
 * The futures as they are done, each with how it ended: first those that are done, in the order given, then each when
 * it is. A failure ends nothing. One that is given twice comes once. Leaving the loop leaves nothing behind.
 *
 * The timeout counts from the call, as in CPython: when it is over, what is done comes still, and then a TimeoutError
 * DOMException. As with `wait`, a future that was handed over is no unhandled rejection.
 *
 * @throws TypeError something is not a Future, or a bad option; RangeError a negative timeout
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * const futures = [1, 2, 3].map((n) => executor.submit((x: number) => x * x, n));
 * for await (const { future, status } of asCompleted(futures)) console.log(futures.indexOf(future), status);
 */
export function asCompleted<F extends AnyFuture>(
  futures: Iterable<F>,
  options: AsCompletedOptions = {},
): AsyncIterableIterator<Completed<F>, undefined, undefined> {
  const { all, timeout } = checkWait("asCompleted", futures, options, ["timeout", "signal"]);
  return new Completion(all, timeout, options.signal);
}

/** No generator: listening begins, and time counts, with the call and not with the first question. */
class Completion<F extends AnyFuture> implements AsyncIterableIterator<Completed<F>, undefined, undefined> {
  readonly #total: number;
  readonly #timeout: number;
  readonly #pending: Set<AnyFuture>;
  readonly #done: AnyFuture[] = [];
  /** Who asked before there was something to give, in order. */
  readonly #asking: { give(future: AnyFuture): void; end(): void; fail(error: unknown): void }[] = [];
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #stopListening: (() => void) | undefined;
  #failure: { error: unknown } | undefined;
  #over = false;

  constructor(futures: Set<F>, timeout: number, signal: AbortSignal | undefined) {
    this.#total = futures.size;
    this.#timeout = timeout;
    this.#pending = new Set([...futures].filter((future) => !future.done()));
    for (const future of futures) if (future.done()) this.#done.push(future);
    for (const future of this.#done) look(future);
    for (const future of this.#pending) future.addDoneListener(this.#onDone);
    if (this.#pending.size === 0) return;
    if (signal?.aborted === true) this.#fail(signal.reason);
    else this.#stopListening = signal && onAbort(signal, () => this.#fail(signal.reason));
    this.#timer = startTimer(timeout, () => this.#fail(this.#timeoutError()));
    // Whoever does not ask does not wait.
    this.#timer?.unref();
  }

  next(): Promise<IteratorResult<Completed<F>, undefined>> {
    const ready = this.#done.shift();
    if (ready !== undefined) return Promise.resolve({ value: completed(ready), done: false });
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      this.#end();
      return Promise.reject(error);
    }
    if (this.#over || this.#pending.size <= this.#asking.length) {
      return Promise.resolve({ value: undefined, done: true });
    }
    this.#timer?.ref();
    return new Promise((resolve, reject) => {
      this.#asking.push({
        give: (future) => resolve({ value: completed(future), done: false }),
        end: () => resolve({ value: undefined, done: true }),
        fail: reject,
      });
    });
  }

  return(): Promise<IteratorResult<Completed<F>, undefined>> {
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  readonly #onDone = (future: AnyFuture): void => {
    // One that was done just when the iteration ended is nobody's here.
    if (!this.#pending.delete(future)) return;
    look(future);
    const first = this.#asking.shift();
    if (first === undefined) this.#done.push(future);
    else first.give(future);
    if (this.#asking.length === 0) this.#timer?.unref();
    if (this.#pending.size === 0) this.#release();
  };

  #fail(error: unknown): void {
    this.#release();
    const first = this.#asking.shift();
    if (first === undefined) this.#failure = { error };
    else {
      first.fail(error);
      this.#end();
    }
  }

  #end(): void {
    this.#release();
    this.#over = true;
    this.#done.length = 0;
    for (const each of this.#asking.splice(0)) each.end();
  }

  #release(): void {
    stopTimer(this.#timer);
    this.#stopListening?.();
    for (const future of this.#pending) future.removeDoneListener(this.#onDone);
    this.#pending.clear();
  }

  #timeoutError(): DOMException {
    const { size } = this.#pending;
    return new DOMException(
      `asCompleted: ${size} of ${this.#total} futures were not done within ${this.#timeout} ms; they go on`,
      "TimeoutError",
    );
  }
}

function checkWait<F extends AnyFuture>(
  what: string,
  futures: Iterable<F>,
  options: WaitFuturesOptions,
  known: readonly string[],
): { all: Set<F>; timeout: number; returnWhen: ReturnWhen } {
  checkOptions(what, options, known);
  const timeout = checkTimeout(options.timeout);
  checkSignal(options.signal);
  const { returnWhen = "ALL_COMPLETED" } = options;
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
  return { all: new Set(given), timeout, returnWhen };
}

function overWhen(all: ReadonlySet<AnyFuture>, returnWhen: ReturnWhen): () => boolean {
  // Those that are done stay done: each look begins where the last one ended.
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
    if (done) look(future);
    (done ? result.done : result.notDone).add(future);
  }
  return result;
}

function completed<F>(future: AnyFuture): Completed<F> {
  return { future, ...future.settled() } as unknown as Completed<F>;
}

/** How it ended is somebody's to see now. */
function look(future: AnyFuture): void {
  future.abandon();
}
