/**
 * A pool of interpreters (CPython: `concurrent.futures.InterpreterPoolExecutor`).
 *
 * The life of a task:
 *
 *     submit ──encode──▶ the pool's queue (shared memory) ──taken by an idle worker──▶ executed ──▶ answer in the
 *     submitter's mailbox ──▶ its future is settled
 *
 * There is one queue for all workers and each takes one task at a time, so nothing waits behind a slow task while
 * somebody is idle, and workers go on while the submitter's thread is busy. From the moment a worker takes a task,
 * cancelling is too late. A worker that dies fails (or makes run again) the one task that it had taken, which its slot
 * names; all others are in the queue, untouched, and a new worker takes its place.
 */
import { availableParallelism } from "node:os";
import { onAbort } from "../abort.js";
import { checkCount, checkOptions, checkSignal, checkTimeout } from "../check.js";
import { BrokenInterpreterPool, InterpreterError, NotShareableError } from "../errors.js";
import { describe } from "../guests/javascript/callable.js";
import { type Code, codeOf } from "../interpreter/code.js";
import { runtime } from "../interpreter/current.js";
import { create, type Interpreter, serveQueue } from "../interpreter/interpreter.js";
import { isRunningWork } from "../interpreter/mailbox.js";
import { Message, runningTime, WITH_SENDER } from "../interpreter/message.js";
import { takeTrace, useTrace } from "../interpreter/trace.js";
import { statusError } from "../interpreter/operation.js";
import { checkCreateOptions, type ResourceLimits } from "../interpreter/options.js";
import { reasonNumber, REQUEST_ABORT, WORK_CALL } from "../interpreter/protocol.js";
import { type Death, diedError, type Runtime } from "../interpreter/runtime.js";
import { OK } from "../memory/layout.js";
import { createHiddenQueue, pointerOf, type Queue } from "../queue/queue.js";
import { removeFrom } from "../queue/queues.js";
import { collectCarried, request } from "../supervisor/start.js";
import { Future, type Owner } from "./future.js";
import { mapOver, type MapOptions } from "./map.js";

export interface ExecutorOptions {
  /** Most interpreters at a time; default: the number of processors. */
  maxWorkers?: number;
  /** Prefix of the interpreters' names. */
  name?: string;
  /** How often a task is run again, on another interpreter, when the one that ran it died; default 0. */
  retries?: number;
  resourceLimits?: ResourceLimits;
}

export interface SubmitOptions {
  /** Milliseconds that the task may run (waiting in line does not count); then its interpreter is stopped. */
  timeout?: number;
  /** Takes the task back while it waits in line; once it runs, stops its interpreter. */
  signal?: AbortSignal;
}

/** What `with` returns: the executor with options for the tasks submitted through it. */
export interface ExecutorView {
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>;
  map<I, R>(
    fn: (item: I) => R,
    source: Iterable<I> | AsyncIterable<I>,
    options?: MapOptions,
  ): AsyncGenerator<Awaited<R>, void, undefined>;
}

interface Task {
  readonly fn: Function;
  readonly code: Code;
  readonly args: unknown[];
  readonly options: SubmitOptions;
}

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
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * await executor.submit((n: number) => n * 2, 21); // 42
 * for await (const square of executor.map((n: number) => n * n, [1, 2, 3])) console.log(square);
 */
export class InterpreterPoolExecutor implements ExecutorView {
  readonly maxWorkers: number;
  readonly #rt: Runtime;
  readonly #queue: Queue;
  readonly #pointer: number;
  readonly #options: ExecutorOptions;
  readonly #owner: Owner;
  readonly #workers = new Map<number, Interpreter>();
  readonly #waiting = new Set<Future<unknown>>();
  #names = 0;
  #shutdown = false;
  #broken: BrokenInterpreterPool | undefined;
  #finished: Promise<void> | undefined;
  #whenIdle: (() => void) | undefined;
  readonly #stopListening: () => void;

  static {
    passDeath = (executor, death) => executor.#onDeath(death);
  }

  constructor(options: ExecutorOptions = {}) {
    checkExecutorOptions(options);
    this.#options = options;
    this.maxWorkers = options.maxWorkers ?? availableParallelism();
    this.#rt = runtime();
    this.#queue = createHiddenQueue();
    this.#pointer = pointerOf(this.#queue);
    this.#owner = {
      rt: this.#rt,
      takeBack: (sequence) => this.#takeBack(sequence),
      isRunning: (sequence) => isRunningWork(this.#rt.m, this.#rt.id, sequence),
      retry: (future, death) => this.#retry(future, death),
      settled: (future) => this.#settled(future),
    };
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
    return this.#submit<Awaited<R>>(fn, args, NO_OPTIONS);
  }

  /** A view that submits with a time limit or a signal. */
  with(options: SubmitOptions): ExecutorView {
    checkOptions("with", options, ["timeout", "signal"]);
    checkTimeout(options.timeout);
    checkSignal(options.signal);
    const view: ExecutorView = {
      submit: (fn, ...args) => this.#submit(fn, args, options),
      map: (fn, source, more) => this.#map(fn, source, options, more),
    };
    return view;
  }

  /**
   * Runs `fn` over all items of a source and yields the results, in order unless told otherwise. Pulls from the source
   * only as far as `buffersize` allows, so it may be endless. The first failure ends it.
   */
  map<I, R>(
    fn: (item: I) => R,
    source: Iterable<I> | AsyncIterable<I>,
    options: MapOptions = {},
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    return this.#map(fn, source, NO_OPTIONS, options);
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
    if (cancelFutures) for (const future of this.#waiting) future.cancel();
    this.#finished ??= this.#finish();
    if (wait) await this.#finished;
    else this.#finished.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #submit<T>(fn: Function, args: unknown[], options: SubmitOptions, trace = takeTrace(fn)): Future<T> {
    this.#checkUsable();
    options.signal?.throwIfAborted();
    const future = new Future<T>(this.#owner, trace);
    future.retriesLeft = this.#options.retries ?? 0;
    try {
      const code = codeOf(this.#rt.m, fn, describe);
      this.#enqueue(future, { fn, code, args, options });
    } catch (error) {
      if (error instanceof NotShareableError) useTrace(error, trace);
      throw error;
    }
    if (options.signal !== undefined) this.#stopOnAbort(future, options.signal);
    return future;
  }

  #enqueue(future: Future<unknown>, task: Task): void {
    const { m, id } = this.#rt;
    const limit = runningTime(task.options.timeout);
    const sequence = this.#rt.nextSequence();
    const message = Message.take();
    try {
      message.header(sequence, WORK_CALL, task.code.id, task.code.pointer, 0, limit).value(task.args, "args");
      const status = message.intoQueue(m, this.#pointer, false, id, WITH_SENDER);
      if (status !== OK) throw statusError(status, -1, "submit a task");
    } finally {
      message.discard(m);
    }
    future.sequence = sequence;
    // The code must outlive the call; the arguments are only needed to run it again.
    future.task = future.retriesLeft > 0 ? task : task.code;
    this.#rt.expect(sequence, future);
    if (this.#waiting.size === 0) this.#rt.hold();
    this.#waiting.add(future);
    if (!this.#needsWorker()) return;
    try {
      this.#addWorker();
    } catch (error) {
      // Another one will run it.
      if (this.#workers.size > 0) return;
      this.#takeBack(sequence);
      this.#settled(future);
      throw error;
    }
  }

  #needsWorker(): boolean {
    return this.#workers.size < this.maxWorkers && this.#workers.size < this.#waiting.size;
  }

  #map<I, R>(
    fn: (item: I) => R,
    source: Iterable<I> | AsyncIterable<I>,
    options: SubmitOptions,
    mapOptions: MapOptions = {},
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    this.#checkUsable();
    // A function that cannot travel is an error at once, and not of the first item.
    codeOf(this.#rt.m, fn, describe);
    const signal = mapOptions.signal ?? options.signal;
    const each: SubmitOptions = { ...options, ...(signal && { signal }) };
    const trace = takeTrace(fn);
    return mapOver<I, Awaited<R>>(
      (item) => this.#submit<Awaited<R>>(fn, [item], each, trace),
      source,
      { ...mapOptions, ...(signal && { signal }) },
      this.maxWorkers,
    );
  }

  #addWorker(): void {
    const { name, resourceLimits } = this.#options;
    const interp = create({
      name: `${name ?? "pool"}-${++this.#names}`.slice(0, 80),
      ...(resourceLimits && { resourceLimits }),
    });
    this.#workers.set(interp.id, interp);
    // Answers nothing that anybody waits for; that it died is heard of by #onDeath.
    serveQueue(interp, this.#queue);
  }

  #takeBack(sequence: number): boolean {
    if (!removeFrom(this.#rt.m, this.#pointer, this.#rt.id, sequence)) return false;
    this.#rt.forget(sequence);
    collectCarried(this.#rt, this.#pointer);
    return true;
  }

  #stopOnAbort(future: Future<unknown>, signal: AbortSignal): void {
    const stopListening = onAbort(signal, () => {
      if (future.done()) return;
      if (this.#takeBack(future.sequence)) future.fail(signal.reason);
      else request(this.#rt, REQUEST_ABORT, -1, reasonNumber("aborted"), future.sequence);
    });
    future.addDoneCallback(stopListening);
  }

  #retry(future: Future<unknown>, death: Death): boolean {
    if (future.retriesLeft === 0 || this.#broken !== undefined || death.reason === "aborted") return false;
    const task = future.task as Task;
    if (task.options.signal?.aborted === true) return false;
    future.retriesLeft--;
    try {
      this.#enqueue(future, task);
    } catch {
      // Its arguments cannot travel any more (they changed since): the death is what there is to say.
      return false;
    }
    return true;
  }

  #settled(future: Future<unknown>): void {
    if (!this.#waiting.delete(future) || this.#waiting.size > 0) return;
    this.#rt.release();
    this.#whenIdle?.();
  }

  #onDeath(death: Death): void {
    if (!this.#workers.delete(death.id)) return;
    if (death.reason === "boot") {
      this.#break(
        new BrokenInterpreterPool("The pool is broken: an interpreter failed to boot", {
          cause: diedError(death, "start a worker"),
        }),
      );
      return;
    }
    if (!this.#needsWorker()) return;
    try {
      this.#addWorker();
    } catch (cause) {
      // Without any worker the tasks in line would wait for ever.
      if (this.#workers.size > 0) return;
      this.#break(
        new BrokenInterpreterPool("The pool is broken: its last worker died and none can be started", {
          cause,
        }),
      );
    }
  }

  #break(error: BrokenInterpreterPool): void {
    this.#broken ??= error;
    for (const future of this.#waiting) {
      this.#takeBack(future.sequence);
      this.#rt.forget(future.sequence);
      future.fail(error);
    }
  }

  /** Waits for the last task, then ends the workers, and then there is nothing left. */
  async #finish(): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    const workers = [...this.#workers.values()];
    await Promise.all(workers.map((worker) => closeQuietly(worker)));
    this.#stopListening();
    collected.unregister(this);
    this.#queue.close();
  }

  #checkUsable(): void {
    if (this.#broken !== undefined) throw this.#broken;
    if (!this.#shutdown) return;
    throw new InterpreterError("Cannot submit a task: the executor was shut down", {
      code: "ERR_EXECUTOR_SHUTDOWN",
    });
  }
}

const NO_OPTIONS: SubmitOptions = {};
const collected = new FinalizationRegistry<() => void>((stopListening) => stopListening());

async function closeQuietly(worker: Interpreter): Promise<void> {
  try {
    await worker.close({ wait: true });
  } catch (error) {
    // It may just have died; it is gone all the same.
    if (!(error instanceof InterpreterError)) throw error;
  }
}

const KNOWN = ["maxWorkers", "name", "retries", "resourceLimits"];

function checkExecutorOptions(options: ExecutorOptions): void {
  const what = "InterpreterPoolExecutor";
  checkOptions(what, options, KNOWN);
  const { maxWorkers, retries, name, resourceLimits } = options;
  if (maxWorkers !== undefined) checkCount(`${what}: maxWorkers`, maxWorkers, 1);
  if (retries !== undefined) checkCount(`${what}: retries`, retries, 0);
  checkCreateOptions({ ...(name !== undefined && { name }), ...(resourceLimits && { resourceLimits }) });
}
