/**
 * The result of a task that may not have run yet (CPython: `concurrent.futures.Future`), awaitable like a promise.
 *
 *     waiting ──taken by a worker──▶ running ──▶ finished (a value, or an error)
 *        └──cancel()──▶ cancelled
 *
 * Settled exactly once: by the worker's answer, by the worker's death, or by `cancel` while it waits in line. Whether it
 * still waits is decided in shared memory, where the task either was taken or is taken back.
 *
 * It is a promise of the engine's own: `await` takes such a one as it is, and wraps any other thenable in two more, which
 * would be a third of what a small task costs.
 */
import { inspect } from "../platform/inspect.js";
import { checkTimeout } from "../base/check.js";
import { CancelledError } from "../base/errors.js";
import { headerWord } from "../wire/message.js";
import { type ResultChannel, readResult } from "../transfer/handover.js";
import { REPLY_REFUSED, REPLY_VALUE } from "../wire/protocol.js";
import type { Trace } from "../thread/trace.js";
import { type Death, diedError, type Pending, type Runtime } from "../thread/runtime.js";
import type { Received } from "../kernel/receive.js";
import { appendFrames, failureOf } from "./failure.js";
import { startTimer, stopTimer } from "../base/timer.js";

/** What a future needs of the executor that made it. */
export interface Owner {
  readonly rt: Runtime;
  /** Takes the task back; false when a worker has it, or had it. */
  takeBack(future: Future<unknown>): boolean;
  /** Whether a worker is executing it now. */
  isRunning(sequence: number): boolean;
  /** Runs it once more after a death; false when it may not. */
  retry(future: Future<unknown>, death: Death): boolean;
  settled(future: Future<unknown>): void;
  /** The answer says how long it ran, in microseconds. */
  timed(future: Future<unknown>, ran: number): void;
  /** A worker's answer says that it takes no more tasks. */
  retired(worker: number): void;
}

const WAITING = 0;
const FULFILLED = 1;
const REJECTED = 2;
const CANCELLED = 3;

type Resolve = (value: never) => void;
type Reject = (error: unknown) => void;

/** What the promise that is being made is settled with. */
let resolveMade: Resolve | undefined;
let rejectMade: Reject | undefined;
const executor = (resolve: Resolve, reject: Reject): void => {
  resolveMade = resolve;
  rejectMade = reject;
};

/** As a base it has no types of its own: those of `then` and `catch` say more here. */
const NativePromise = Promise as unknown as new (run: typeof executor) => object;
const { then: nativeThen, finally: nativeFinally } = Promise.prototype;

export class Future<out T> extends NativePromise implements PromiseLike<T>, Pending {
  /** @internal Tasks are owed by whoever runs them. */
  get target(): number {
    return -1;
  }

  /** @internal */
  sequence = 0;
  /** @internal Pointer to the queue that it waits in, and to its record there. */
  queue = 0;
  /** @internal */
  place = 0;
  /** @internal Bytes of the task, or of its answer where that is larger. */
  bytes = 0;
  /** @internal How often it may be run again. */
  retriesLeft = 0;
  /** @internal What it runs, for another try, and to keep its code alive. */
  task: unknown;
  /** @internal Where large buffers of the result come. */
  channel: ResultChannel | undefined;
  readonly #owner: Owner;
  readonly #trace: Trace | undefined;
  #state = WAITING;
  #quiet = false;
  #value: unknown;
  #resolve = resolveMade;
  #reject = rejectMade;
  #callbacks: ((future: never) => void)[] | undefined;

  /** @internal */
  constructor(owner: Owner, trace: Trace | undefined) {
    super(executor);
    // They would keep the last one for ever.
    resolveMade = rejectMade = undefined;
    this.#owner = owner;
    this.#trace = trace;
  }

  /** Takes the task back if no worker has taken it yet. Returns whether it is cancelled. */
  cancel(): boolean {
    if (this.#state === CANCELLED) return true;
    if (this.#state !== WAITING || !this.#owner.takeBack(this)) return false;
    this.wasTakenBack();
    return true;
  }

  /** @internal It will not run, as somebody wished. */
  wasTakenBack(): void {
    this.#settle(CANCELLED, new CancelledError("The task was cancelled before it ran"));
  }

  cancelled(): boolean {
    return this.#state === CANCELLED;
  }

  /** Whether a worker is executing it now. */
  running(): boolean {
    return this.#state === WAITING && this.#owner.isRunning(this.sequence);
  }

  /** Whether it is finished or cancelled. */
  done(): boolean {
    return this.#state !== WAITING;
  }

  /**
   * The result, as a promise.
   *
   * @param timeout milliseconds to wait for it; no limit by default
   * @throws the task's own exception; CancelledError; a TimeoutError DOMException
   */
  async result(timeout?: number): Promise<T> {
    await this.#settledWithin(timeout);
    return this.#get();
  }

  /** As `result`, blocking this thread. */
  resultSync(timeout?: number): T {
    const limit = checkTimeout(timeout);
    if (!this.#owner.rt.blockUntil(() => this.done(), limit)) throw timedOut(limit);
    return this.#get();
  }

  /** The exception it ended with, or undefined if it returned. */
  async exception(timeout?: number): Promise<unknown> {
    await this.#settledWithin(timeout);
    if (this.#state === CANCELLED) return this.#get();
    return this.#state === REJECTED ? this.#observe(this.#value) : undefined;
  }

  /** Calls `fn` with this future once it is done; soon, if it is. What it throws is an uncaught exception. */
  addDoneCallback(fn: (future: Future<T>) => void): void {
    if (typeof fn !== "function") throw new TypeError("addDoneCallback: expected a function");
    if (this.done()) queueMicrotask(() => fn(this));
    else (this.#callbacks ??= []).push(fn);
  }

  /** @internal As `addDoneCallback`, for one that may be taken away again. It is not done yet. */
  addDoneListener(fn: (future: Future<unknown>) => void): void {
    (this.#callbacks ??= []).push(fn);
  }

  /** @internal */
  removeDoneListener(fn: (future: Future<unknown>) => void): void {
    const at = this.#callbacks?.lastIndexOf(fn) ?? -1;
    if (at !== -1) this.#callbacks?.splice(at, 1);
  }

  /** @internal How many callbacks and listeners it has. */
  get listeners(): number {
    return this.#callbacks?.length ?? 0;
  }

  /** @internal Whether it ended with an exception. */
  failed(): boolean {
    return this.#state === REJECTED;
  }

  /** @internal How it ended. It is done. */
  settled(): PromiseSettledResult<T> {
    if (this.#state === FULFILLED) return { status: "fulfilled", value: this.#value as T };
    return { status: "rejected", reason: this.#value };
  }

  /** As a promise's. The reason's type is the handler's to say. */
  then<A = T, B = never, E = unknown>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: E) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return nativeThen.call(this, onFulfilled, onRejected) as Promise<A | B>;
  }

  catch<B = never, E = unknown>(onRejected?: ((reason: E) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return nativeFinally.call(this, onFinally) as Promise<T>;
  }

  get [Symbol.toStringTag](): string {
    return "Future";
  }

  /** As CPython's `repr`: what became of it, and of which type. */
  [inspect.custom](): string {
    const value = this.#value;
    if (this.#state === WAITING) return `Future <${this.running() ? "running" : "waiting"}>`;
    if (this.#state === CANCELLED) return "Future <cancelled>";
    const type = value instanceof Error ? value.name : value === null ? "null" : typeof value;
    return `Future <finished, ${this.#state === FULFILLED ? "returned" : "threw"} ${type}>`;
  }

  /** @internal A worker's answer. */
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
      // What came cannot be read, which is what there is to say.
      [status, value] = [REPLY_REFUSED, error];
    }
    if (status === REPLY_VALUE) this.#settle(FULFILLED, value);
    else this.#settle(REJECTED, failureOf(status, value, sender, this.#trace));
    if (last) this.#owner.retired(sender);
  }

  /** @internal The worker died that was executing it. */
  died(death: Death): void {
    if (this.#owner.retry(this, death)) return;
    const error = diedError(death, "finish a task");
    appendFrames(error, this.#trace?.stack);
    this.#settle(REJECTED, error);
  }

  /** @internal It cannot be run any more. */
  fail(error: unknown): void {
    if (this.#state === WAITING) this.#settle(REJECTED, error);
  }

  /** @internal Nobody is going to look at how it ends, and that is fine. */
  abandon(): void {
    this.#quiet = true;
    if (this.#state === REJECTED) this.#ignore();
  }

  /** Takes it out of the failures that nobody looks at. */
  #ignore(): void {
    void this.then(undefined, () => {});
  }

  #settle(state: number, value: unknown): void {
    if (this.#state !== WAITING) return;
    this.#state = state;
    this.#value = value;
    this.task = undefined;
    this.channel?.close();
    this.channel = undefined;
    if (state === FULFILLED) this.#resolve?.(value as never);
    else {
      // A promise nobody handles is how a failure nobody looks at is noticed. Cancelling is no failure.
      if (state === CANCELLED || this.#quiet) this.#ignore();
      this.#reject?.(value);
    }
    this.#resolve = this.#reject = undefined;
    this.#owner.settled(this);
    const callbacks = this.#callbacks;
    this.#callbacks = undefined;
    if (callbacks !== undefined) for (const fn of callbacks) queueMicrotask(() => fn(this as never));
  }

  #get(): T {
    if (this.#state === FULFILLED) return this.#value as T;
    throw this.#observe(this.#value);
  }

  /** Marks the failure as looked at. */
  #observe(error: unknown): unknown {
    this.abandon();
    return error;
  }

  async #settledWithin(timeout: number | undefined): Promise<void> {
    const limit = checkTimeout(timeout);
    if (this.done()) return;
    await new Promise<void>((resolve, reject) => {
      const onDone = (): void => {
        stopTimer(timer);
        resolve();
      };
      const onTimeout = (): void => {
        this.removeDoneListener(onDone);
        reject(timedOut(limit));
      };
      const timer = startTimer(limit, onTimeout);
      this.addDoneListener(onDone);
    });
  }
}

// `await` looks here whether it may take a promise as it is, and `then` what to make of it. What a future is an instance of is
// not asked for here.
Object.defineProperty(Future.prototype, "constructor", {
  value: Promise,
  writable: true,
  configurable: true,
});

function timedOut(limit: number): DOMException {
  return new DOMException(`The task was not done within ${limit} ms; it goes on`, "TimeoutError");
}
