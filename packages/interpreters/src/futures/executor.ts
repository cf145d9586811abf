/**
 * A pool of interpreters (CPython: `concurrent.futures.InterpreterPoolExecutor`).
 *
 * The life of a task:
 *
 *     submit ──encode──▶ the pool's queue (shared memory) ──taken by an idle worker──▶ executed ──▶ answer in the
 *     submitter's mailbox ──▶ its future is settled
 *
 * The queue is one for all workers and each takes one task after the other, so nothing waits behind a slow task while
 * somebody is idle, and workers go on while the submitter's thread is busy. From the moment a worker takes a task,
 * cancelling is too late. A worker that dies fails (or makes run again) what it had taken, one task or as many as it runs
 * at once (`concurrency`), as is recorded in its runs; all others are in the queue, untouched, and a new worker takes its
 * place.
 *
 * Here is what users see, and when workers start; tasks.ts has the tasks, workers.ts the interpreters.
 */
import { processors } from "../platform/processors.js";
import { BrokenInterpreterPool, InterpreterError, NotShareableError } from "../base/errors.js";
import { describe } from "../guests/javascript/callable.js";
import { codeOf } from "../wire/code.js";
import { runtime } from "../thread/current.js";
import { detach } from "../transfer/transfer-list.js";
import { forgetMoves, movesOfCall } from "../transfer/move.js";
import { SupervisorHandover } from "../transfer/handover.js";
import type { Death, Runtime } from "../thread/runtime.js";
import { type Trace, takeTrace, useTrace } from "../thread/trace.js";
import { taskSubmit } from "./events.js";
import { Future } from "./future.js";
import { Idleness } from "./idleness.js";
import { argsOf, mapOver, type MapOptions, type SubmitParcel } from "./map.js";
import {
  checkExecutorOptions,
  checkSubmitOptions,
  type ExecutorOptions,
  type SubmitOptions,
} from "./options.js";
import type { ExecutorStats } from "./stats.js";
import { Tasks } from "./tasks.js";
import type { ExecutorView } from "./view.js";
import { Workers } from "./workers.js";

let passDeath: (executor: InterpreterPoolExecutor, death: Death) => void;

/**
 * Listening does not keep an executor that everybody forgot; its interpreters are then closed by their handles. Outside
 * of the class, for a closure made in the constructor would share its context with those that hold `this`.
 */
function listenFor(rt: Runtime, self: WeakRef<InterpreterPoolExecutor>): () => void {
  return rt.onDeath((death) => {
    const executor = self.deref();
    if (executor !== undefined) passDeath(executor, death);
  });
}

/**
 * Runs functions in a pool of interpreters.
 *
 * @typeParam A the initializer's parameters
 * @throws TypeError, RangeError a bad option; NotShareableError what workers are to be set up with cannot travel
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * await executor.submit((n: number) => n * 2, 21); // 42
 * for await (const square of executor.map((n: number) => n * n, [1, 2, 3])) console.log(square);
 */
export class InterpreterPoolExecutor<A extends unknown[] = unknown[]> implements ExecutorView {
  readonly maxWorkers: number;
  readonly #rt: Runtime;
  readonly #retries: number;
  readonly #minWorkers: number;
  readonly #concurrency: number;
  readonly #tasks: Tasks;
  readonly #workers: Workers;
  readonly #idleness: Idleness;
  #shutdown = false;
  #broken: BrokenInterpreterPool | undefined;
  #finished: Promise<void> | undefined;
  readonly #stopListening: () => void;

  static {
    passDeath = (executor, death) => executor.#workers.onDeath(death);
  }

  constructor(options: ExecutorOptions<A> = {}) {
    // What the initializer takes was checked by the compiler; here it is some function.
    const checked = checkExecutorOptions(options);
    this.maxWorkers = options.maxWorkers ?? processors();
    this.#retries = options.retries ?? 0;
    this.#rt = runtime();
    this.#minWorkers = options.minWorkers ?? 0;
    this.#concurrency = options.concurrency ?? 1;
    const tasksOwner = {
      executor: this,
      settled: () => this.#idleness.went(),
      retired: (worker: number) => this.#workers.retire(worker),
    };
    this.#tasks = new Tasks(this.#rt, tasksOwner, this.#concurrency);
    const owner = {
      executor: this,
      lost: () => this.#lost(),
      broke: (why: string, cause: unknown) => this.#break(why, cause),
    };
    this.#workers = new Workers(this.#rt, owner, checked, this.#tasks.queues);
    const idleTimeout = options.idleTimeout ?? Infinity;
    const demand = (): number => this.#demand();
    this.#idleness = new Idleness(idleTimeout, this.#minWorkers, demand, this.#workers);
    this.#startLeast();
    this.#stopListening = listenFor(this.#rt, new WeakRef(this));
    collected.register(this, this.#stopListening, this);
  }

  /**
   * Has `fn(...args)` run by the next worker that is free.
   *
   * @throws InterpreterError (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool; NotShareableError the function or an
   * argument cannot travel
   */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return this.#submit<Awaited<R>>(fn, args, NO_OPTIONS, takeTrace(fn));
  }

  /**
   * A view that submits with a time limit, a signal, buffers to move, or a priority.
   *
   * @throws TypeError, RangeError a bad option
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const bytes = new ArrayBuffer(1_000_000);
   * const size = executor.with({ priority: 1, transfer: [bytes] }).submit((b: ArrayBuffer) => b.byteLength, bytes);
   * console.log(await size, bytes.byteLength); // 1000000 0
   */
  with(options: SubmitOptions): ExecutorView {
    checkSubmitOptions(options);
    // Tasks keep them, to be run again as they were submitted.
    const own = { ...options };
    return {
      submit: (fn, ...args) => this.#submit(fn, args, own, takeTrace(fn)),
      map: (fn, source, more) => this.#map("map", fn, (item) => [item], source, own, more),
      starmap: (fn, source, more) => this.#map("starmap", fn, argsOf, source, own, more),
    };
  }

  /**
   * Runs `fn` over all items of a source and yields the results, in order unless told otherwise. Pulls from the source
   * only as far as `buffersize` allows, so it may be endless. The first failure ends it.
   *
   * @throws TypeError, RangeError a bad option; InterpreterError (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool;
   * NotShareableError the function cannot travel; then, of the iteration: what a call threw; NotShareableError an item or
   * a result cannot travel; InterpreterDiedError; a TimeoutError DOMException; the signal's reason; what the source threw
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * let sum = 0;
   * for await (const root of executor.map(Math.sqrt, [1, 4, 9], { chunksize: "auto" })) sum += root;
   * console.log(sum); // 6
   */
  map<I, R>(
    fn: (item: I) => R,
    source: Iterable<I> | AsyncIterable<I>,
    options: MapOptions<I> = {},
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    return this.#map("map", fn, (item) => [item], source, NO_OPTIONS, options);
  }

  /**
   * As `map`, with each item an array of arguments (CPython: `multiprocessing.Pool.starmap`).
   *
   * @throws as `map`; TypeError, of the iteration, an item is no array
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * for await (const power of executor.starmap(Math.pow, [[2, 3], [3, 2]])) console.log(power);
   */
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    source: Iterable<A> | AsyncIterable<A>,
    options: MapOptions<A> = {},
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    return this.#map("starmap", fn, argsOf, source, NO_OPTIONS, options);
  }

  /**
   * How much there is to do, what was done, and how long it took. What happens when: `node:diagnostics_channel`, see
   * `TaskEvent` and `WorkerEvent`.
   *
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * await executor.submit(() => 1);
   * const { completed, runTime } = executor.stats();
   * console.log(completed, runTime.count); // 1 1
   */
  stats(): ExecutorStats {
    const { size, queued, stats } = this.#tasks;
    const { size: workers, lifetime } = this.#workers;
    return stats.snapshot(size, queued, workers, lifetime * this.#concurrency);
  }

  /**
   * Takes no more tasks. With `wait` (the default) it resolves when all tasks are done and all interpreters are gone;
   * without, that happens in the background. `cancelFutures` cancels the tasks that wait in line.
   */
  async shutdown({
    wait = true,
    cancelFutures = false,
  }: { wait?: boolean; cancelFutures?: boolean } = {}): Promise<void> {
    this.#shutdown = true;
    if (cancelFutures) this.#tasks.cancelAllInLine();
    this.#finished ??= this.#finish();
    if (wait) await this.#finished;
    else this.#finished.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #submit<T>(
    fn: Function,
    args: readonly unknown[],
    options: SubmitOptions,
    trace: Trace,
    chunk = false,
  ): Future<T> {
    this.#checkUsable();
    const { signal } = options;
    const each = chunk ? args.flat() : args;
    const transfer = movesOfCall(each, options.transfer);
    signal?.throwIfAborted();
    const future = new Future<T>(this.#tasks, trace);
    future.retriesLeft = this.#retries;
    // Who runs it again must have the arguments once more.
    const moving = this.#retries === 0 ? SupervisorHandover.of(this.#rt, transfer) : undefined;
    try {
      const code = codeOf(this.#rt.m, fn, describe);
      this.#tasks.enqueue(future, code, chunk, options, args, moving);
      this.#provideWorkers(future);
      // Only now that it is in line, so that a refusal leaves everything as it was.
      moving?.handOver();
      future.channel = moving?.takeChannel();
      if (transfer !== undefined) detach(transfer, moving);
      forgetMoves(each);
      if (taskSubmit.hasSubscribers) this.#tasks.tell(taskSubmit, future);
    } catch (error) {
      if (error instanceof NotShareableError) useTrace(error, trace);
      throw error;
    } finally {
      moving?.done();
    }
    if (signal !== undefined) this.#tasks.stopOnAbort(future, signal);
    return future;
  }

  #map<I, O>(
    what: string,
    fn: Function,
    toArgs: (item: I) => unknown[],
    source: Iterable<I> | AsyncIterable<I>,
    options: SubmitOptions,
    mapOptions: MapOptions<I> = {},
  ): AsyncGenerator<O, void, undefined> {
    this.#checkUsable();
    // A function that cannot travel is an error at once, and not of the first item.
    codeOf(this.#rt.m, fn, describe);
    const trace = takeTrace(fn);
    const submit: SubmitParcel = (args, each, chunk) => this.#submit(fn, args, each, trace, chunk);
    const places = this.maxWorkers * this.#concurrency;
    return mapOver({ what, submit, toArgs, places, trace }, source, options, mapOptions);
  }

  /** Those that are to be there before the first task. All of them, or the pool is not made. */
  #startLeast(): void {
    try {
      while (this.#workers.size < this.#minWorkers) this.#workers.start();
    } catch (error) {
      void this.#workers.close();
      throw error;
    }
    this.#idleness.went();
  }

  /** How many workers the tasks would fill. */
  #demand(): number {
    return Math.ceil(this.#tasks.size / this.#concurrency);
  }

  #needsWorker(): boolean {
    const { size } = this.#workers;
    return size < this.maxWorkers && size < this.#demand();
  }

  /** One more if this task would have to wait otherwise. Where there is none at all, the task is refused. */
  #provideWorkers(future: Future<unknown>): void {
    this.#idleness.came();
    if (!this.#needsWorker() && this.#workers.size >= this.#minWorkers) return;
    try {
      this.#workers.start();
    } catch (error) {
      // Another one will run it.
      if (this.#workers.size > 0) return;
      this.#tasks.withdraw(future);
      throw error;
    }
  }

  /** A worker is gone. */
  #lost(): void {
    if (this.#broken !== undefined || !this.#needsWorker()) return;
    try {
      this.#workers.start();
    } catch (cause) {
      // Without any worker the tasks in line would wait for ever.
      if (this.#workers.size === 0) this.#break("its last worker died and none can be started", cause);
    }
  }

  /** What waits in line fails, what runs may end, and then the workers do. */
  #break(why: string, cause: unknown): boolean {
    if (this.#broken !== undefined) return false;
    this.#broken = new BrokenInterpreterPool(`The pool is broken: ${why}`, { cause });
    this.#tasks.retrying = false;
    this.#tasks.failAllInLine(this.#broken);
    void this.#workers.close();
    return true;
  }

  /** Waits for the last task, then ends the workers, and then there is nothing left. */
  async #finish(): Promise<void> {
    await this.#tasks.allSettled();
    this.#idleness.stop();
    await this.#workers.close();
    this.#stopListening();
    collected.unregister(this);
    this.#tasks.close();
  }

  #checkUsable(): void {
    if (this.#broken !== undefined) {
      throw new BrokenInterpreterPool(this.#broken.message, { cause: this.#broken.cause });
    }
    if (!this.#shutdown) return;
    throw new InterpreterError("Cannot submit a task: the executor was shut down", {
      code: "ERR_EXECUTOR_SHUTDOWN",
    });
  }
}

const NO_OPTIONS: SubmitOptions = {};
const collected = new FinalizationRegistry<() => void>((stopListening) => stopListening());
