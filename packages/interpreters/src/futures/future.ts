/**
 * The result of a task that may not have run yet (CPython: `concurrent.futures.Future`). It can be awaited like a promise.
 *
 *     waiting ──taken by a worker──▶ running ──▶ finished (a value, or an error)
 *        └──cancel()──▶ cancelled
 *
 * A future is settled exactly once: by the worker's reply, by the worker's death, or while its task waits in line (by
 * `cancel`, its signal, or the end of the pool). Shared memory decides whether the task still waits: one lock step either
 * takes it for a worker or takes it back.
 *
 * It is a native promise: `await` uses such a promise as it is, but wraps any other thenable in two more promises, which
 * would be a third of the cost of a small task.
 */
import { AsyncLocalStorage } from "../platform/async-context.js";
import { inspect } from "../platform/inspect.js";
import { NativePromise, queueMicrotask } from "../platform/microtasks.js";
import { show } from "../base/check.js";
import { CancelledError } from "../base/errors.js";
import type { InterpreterId } from "../memory/brands.js";
import { headerWord } from "../wire/message.js";
import { readResult } from "../transfer/handover.js";
import { REPLY_INTERRUPTED, REPLY_REFUSED, REPLY_VALUE } from "../wire/protocol.js";
import type { Trace } from "../thread/trace.js";
import { type Death, interruptedWork, type Share } from "../thread/death.js";
import type { Pending } from "../thread/runtime.js";
import type { Received } from "../kernel/receive.js";
import { deathOf, failureOf, limitPassed, waitLimitPassed } from "./failure.js";
import { ABORTED, CANCELLED, describeFuture, FULFILLED, QUIET, REJECTED, WAITING } from "./future-state.js";
import type { SubmitOptions } from "./options.js";
import type { Owner } from "./owner.js";
import { blockUntilSettled, settledWithin } from "./settled.js";
import { made, nativeThen, Submission } from "./submission.js";

/**
 * The outcome of a task, from `submit`. Await it as a promise, or use CPython's methods.
 *
 * A failure that no code observes is an unhandled rejection, as of any promise. A cancelled future is not one. `await`,
 * `then`, `result`, `exception` and their blocking forms observe it, as do `wait` and `asCompleted`.
 *
 * @typeParam T the (awaited) result
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * const future = executor.submit((n: number) => n ** 2, 12);
 * future.done(); // false
 * await future; // 144
 * future.done(); // true
 * future.cancel(); // false
 */
export class Future<out T> extends Submission<T> implements Pending {
  /** @internal No interpreter owes the reply until one takes the task. */
  get target(): InterpreterId {
    return -1 as InterpreterId;
  }

  readonly #owner: Owner<Future<unknown>>;
  readonly #trace: Trace | undefined;
  /** Its state, and QUIET: one field, because a million futures may wait. The state leaves WAITING in `#finish`. */
  #flags: number = WAITING;
  /** The result, or the error. */
  #value: unknown;
  #resolve = made.resolve;
  #reject = made.reject;
  #callbacks: ((future: never) => void)[] | undefined;

  /** @internal */
  constructor(owner: Owner<Future<unknown>>, trace: Trace | undefined, options: SubmitOptions) {
    super(options);
    // They would keep the last future reachable for ever.
    made.resolve = made.reject = undefined;
    this.#owner = owner;
    this.#trace = trace;
  }

  /**
   * Cancels the task if no worker has taken it yet. Awaiting the future then throws `CancelledError`. A running task
   * cannot be cancelled: use `with({ signal })` or `with({ timeout })`, which stop its interpreter.
   *
   * @returns whether the future is cancelled, by this call or before
   * @see CPython: `Future.cancel`
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const first = executor.submit(() => new Promise((resolve) => setTimeout(resolve, 100, "first")));
   * const second = executor.submit(() => "second");
   * second.cancel(); // true
   * second.cancelled(); // true
   * await first; // "first"
   */
  cancel(): boolean {
    if (this.#state === CANCELLED) return true;
    if (this.#state !== WAITING || !this.#owner.takeBack(this)) return false;
    this.wasTakenBack();
    return true;
  }

  /** @internal The task was taken back because it was cancelled. */
  wasTakenBack(): void {
    this.#settle(CANCELLED, new CancelledError("The task was cancelled before it ran"));
  }

  /** Whether the task was cancelled. */
  cancelled(): boolean {
    return this.#state === CANCELLED;
  }

  /**
   * Whether a worker is executing the task now (CPython: `Future.running`).
   *
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const gate = createQueue<number>();
   * const [first, second] = [1, 2].map(() => executor.submit((queue) => queue.get(), gate));
   * while (!first.running()) await new Promise((resolve) => setImmediate(resolve));
   * second.running(); // false
   * gate.putManySync([1, 2]);
   */
  running(): boolean {
    return this.#state === WAITING && this.#owner.isRunning(this.sequence);
  }

  /** Whether the future is finished (with a value or an error) or cancelled. */
  done(): boolean {
    return this.#state !== WAITING;
  }

  /**
   * The task's result. Like awaiting the future, but with a time limit for the wait, which does not affect the task.
   *
   * @param timeout milliseconds to wait; default: no limit
   * @throws what the task threw (`TaskError`); NotShareableError its result cannot travel; InterpreterDiedError;
   * CancelledError; BrokenInterpreterPool; the reason of the task's signal; a TimeoutError DOMException if it is not
   * done in time; TypeError, RangeError a bad timeout. All as a rejection.
   * @see CPython: `Future.result`
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const future = executor.submit((text: string): unknown => JSON.parse(text), "{");
   * const error = await future.result(60_000).catch((error: Error) => error);
   * console.log(error instanceof SyntaxError); // true
   */
  async result(timeout?: number): Promise<T> {
    await settledWithin(this, timeout);
    return this.#get();
  }

  /**
   * Like `result`, but blocks this thread until the task is done.
   *
   * @param timeout milliseconds to wait; default: no limit
   * @throws as `result`, but synchronously
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * executor.submit((n: number) => n * 2, 21).resultSync(); // 42
   */
  resultSync(timeout?: number): T {
    blockUntilSettled(this.#owner.rt, this, timeout);
    return this.#get();
  }

  /**
   * The exception that the task failed with, or undefined if it returned.
   *
   * @param timeout milliseconds to wait; default: no limit
   * @throws CancelledError; a TimeoutError DOMException if it is not done in time; TypeError, RangeError a bad timeout.
   * All as a rejection.
   * @see CPython: `Future.exception`
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const error = await executor.submit(() => { throw new RangeError("too far"); }).exception();
   * console.log(String(error)); // RangeError: too far
   * if (error instanceof Error && "executionFailed" in error && error.executionFailed instanceof ExecutionFailed) {
   *   console.log(error.executionFailed.excinfo.type.name); // RangeError
   * }
   */
  async exception(timeout?: number): Promise<unknown> {
    await settledWithin(this, timeout);
    return this.#getException();
  }

  /**
   * Like `exception`, but blocks this thread until the task is done.
   *
   * @param timeout milliseconds to wait; default: no limit
   * @throws as `exception`, but synchronously
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const error = executor.submit(() => { throw new RangeError("too far"); }).exceptionSync();
   * console.log(String(error)); // RangeError: too far
   */
  exceptionSync(timeout?: number): unknown {
    blockUntilSettled(this.#owner.rt, this, timeout);
    return this.#getException();
  }

  /**
   * Calls `fn` with this future once it is done (finished, failed or cancelled), in a microtask of this thread and in the
   * asynchronous context of this call (`AsyncLocalStorage`). Several callbacks are called in the order of their
   * registration. An exception of `fn` is an uncaught exception.
   *
   * @param fn called once; with a future that is done already, in the next microtask
   * @throws TypeError `fn` is not a function
   * @see CPython: `Future.add_done_callback`
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const future = executor.submit(Math.abs, -1);
   * const done = new Promise((resolve) => future.addDoneCallback(resolve));
   * console.log(await done, future.done()); // 1 true
   */
  addDoneCallback(fn: (future: Future<T>) => void): void {
    if (typeof fn !== "function")
      throw new TypeError(`addDoneCallback: expected a function, found ${show(fn)}`);
    this.addDoneListener(AsyncLocalStorage.bind((future) => fn(future as Future<T>)));
  }

  /** @internal Like `addDoneCallback` for this package's own functions: in no context of its own, and it can be undone. */
  addDoneListener(fn: (future: Future<unknown>) => void): void {
    if (this.done()) queueMicrotask(() => fn(this));
    else (this.#callbacks ??= []).push(fn);
  }

  /** @internal Undoes `addDoneListener`. */
  removeDoneListener(fn: (future: Future<unknown>) => void): void {
    const at = this.#callbacks?.lastIndexOf(fn) ?? -1;
    if (at !== -1) this.#callbacks?.splice(at, 1);
  }

  /** @internal Whether it failed with its signal's reason. */
  get wasAborted(): boolean {
    return this.#state === ABORTED;
  }

  /** @internal How many callbacks and listeners it has. */
  get listeners(): number {
    return this.#callbacks?.length ?? 0;
  }

  /** @internal Whether it ended with an exception. */
  failed(): boolean {
    return this.#state >= REJECTED;
  }

  /** @internal */
  failure(): unknown {
    return this.failed() ? this.#value : undefined;
  }

  /** @internal How the task ended. The future must be done. */
  settled(): PromiseSettledResult<T> {
    if (this.#state === FULFILLED) return { status: "fulfilled", value: this.#value as T };
    return { status: "rejected", reason: this.#value };
  }

  get [Symbol.toStringTag](): string {
    return "Future";
  }

  /** Its state and the type of its outcome, as CPython's `repr` shows them. */
  [inspect.custom](): string {
    return describeFuture(this.#state, this.running(), this.#value);
  }

  /** @internal A worker's reply arrived. */
  settle(status: number, received: Received): void {
    let value: unknown;
    const { m } = this.#owner.rt;
    const { sender } = received;
    if (received.length > this.bytes) this.bytes = received.length;
    const last = headerWord(m, received, 2) !== 0;
    const ran = headerWord(m, received, 3);
    if (ran !== 0) this.#owner.timed(this, ran);
    try {
      value = readResult(m, received, this.channel);
    } catch (error) {
      // The reply cannot be decoded: the task fails with that error.
      [status, value] = [REPLY_REFUSED, error];
    }
    if (status === REPLY_VALUE) this.#settle(FULFILLED, value);
    else if (status === REPLY_INTERRUPTED) this.died(interruptedWork(sender, value), "at fault");
    else this.#settle(REJECTED, failureOf(status, value, sender, this.#trace));
    if (last) this.#owner.retired(sender);
  }

  /** @internal The worker that was executing the task died. */
  died(death: Death, share: Share): void {
    const { signal, timeout } = this.options;
    this.#owner.interruptedBy(death);
    if (signal?.aborted === true) this.aborted();
    else if (share === "at fault" && death.reason === "timeout")
      this.fail(limitPassed(timeout, death, this.#trace));
    else if (!this.#owner.retry(this)) {
      if (this.#owner.abandoned) this.#flags |= QUIET;
      this.fail(deathOf(death, this.#trace));
    }
  }

  /** @internal The task was taken back, or its interpreter ended, when its signal had aborted. */
  aborted(reason: unknown = this.options.signal?.reason): void {
    this.#settle(ABORTED, reason);
  }

  /** @internal The task has waited in line for as long as it may (`waitTimeout`). */
  waitedTooLong(): void {
    if (this.waitsUntil === 0 || this.done()) return;
    this.waitsUntil = 0;
    if (this.#owner.takeBack(this)) this.fail(waitLimitPassed(this.options.waitTimeout, this.#trace));
  }

  /** @internal The task's value has arrived from another process. */
  fulfil(value: unknown): void {
    this.#settle(FULFILLED, value);
  }

  /** @internal Throws if a blocked thread cannot learn that this is done. */
  checkBlocking(): void {
    this.#owner.checkBlocking?.();
  }

  /** @internal The task was taken back because it cannot run. */
  fail(error: unknown): void {
    this.#settle(REJECTED, error);
  }

  /** @internal Like `fail`, with an error of its own. */
  failAs(makeError: (trace: Trace | undefined) => unknown): void {
    this.fail(makeError(this.#trace));
  }

  /** @internal Its task was never put in line: no owner counts it. */
  refuse(error: unknown): void {
    this.#finish(REJECTED, error);
  }

  /** @internal Observes its outcome, present or future: a failure is no unhandled rejection then. */
  abandon(): void {
    this.#flags |= QUIET;
    if (this.failed()) this.#ignore();
  }

  /** Marks the promise as handled. */
  #ignore(): void {
    void nativeThen.call(this, undefined, () => {});
  }

  get #state(): number {
    return this.#flags & ~QUIET;
  }

  #settle(state: number, value: unknown): void {
    if (this.#state !== WAITING) return;
    const callbacks = this.#callbacks;
    this.#finish(state, value);
    this.#owner.settled(this);
    if (callbacks !== undefined) for (const fn of callbacks) queueMicrotask(() => fn(this as never));
  }

  /** Gives the promise its outcome. */
  #finish(state: number, value: unknown): void {
    this.#flags = (this.#flags & QUIET) | state;
    this.#value = value;
    this.task = undefined;
    this.channel?.close();
    this.channel = undefined;
    if (state === FULFILLED) this.#resolve?.(value as never);
    else {
      // An unobserved failure shows as an unhandled rejection of this promise. Cancelling is not a failure.
      if (state === CANCELLED || (this.#flags & QUIET) !== 0) this.#ignore();
      this.#reject?.(value);
    }
    this.#resolve = this.#reject = undefined;
    this.#callbacks = undefined;
    this.onDone?.();
  }

  #get(): T {
    if (this.#state === FULFILLED) return this.#value as T;
    throw this.#observe(this.#value);
  }

  #getException(): unknown {
    if (this.#state === CANCELLED) return this.#get();
    return this.failed() ? this.#observe(this.#value) : undefined;
  }

  /** Marks the failure as observed. */
  #observe(error: unknown): unknown {
    this.abandon();
    return error;
  }
}

// `await` reads `constructor` to decide whether to use a promise as it is, and `then` to decide which class to create. Both
// must find Promise. `instanceof` does not read it.
Object.defineProperty(Future.prototype, "constructor", {
  value: NativePromise,
  writable: true,
  configurable: true,
});
