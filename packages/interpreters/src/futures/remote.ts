/**
 * The caller's side of an executor whose tasks leave this process: futures, `map`, statistics and the end. A carrier (a BullMQ queue,
 * say) takes the tasks away and brings their outcomes.
 *
 *     submit ─▶ Future, in #open ──▶ Carrier.send ─ ─ ▶ another process
 *                  ▲                                         │
 *                  └──── settle(id, outcome) ◀─ ─ ─ ─ ─ ─ ─ ─┘
 *
 * The first outcome of a task counts, and it leaves #open with it: a carrier may bring an outcome twice, because a task may run twice
 * after a machine has died.
 */
import { onAbort } from "../base/abort.js";
import { InterpreterDiedError, InterpreterError, NotShareableError } from "../base/errors.js";
import { NativePromise } from "../platform/microtasks.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { encodePortable } from "../codec/portable.js";
import { describe } from "../guests/javascript/callable.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { type Trace, takeTrace } from "../thread/trace.js";
import type { TaskSubmitter } from "./executor-type.js";
import { useSubmitter, waitLimitPassed } from "./failure.js";
import { Future } from "./future.js";
import { type AnyMapOptions, argsOf, mapOver, type SubmitParcel } from "./map.js";
import {
  checkShutdownOptions,
  checkSubmitOptions,
  type ShutdownOptions,
  type SubmitOptions,
} from "./options.js";
import type { Owner } from "./owner.js";
import { batchOf, errorOf, type RemoteOutcome } from "./remote-outcome.js";
import { Room } from "./room.js";
import { type ExecutorStats, Stats } from "./stats.js";
import { listOf, refusedFuture } from "./submit.js";

/** Milliseconds in which a carrier must say whether it took a task back. */
const ANSWER_WITHIN = 2000;

/** A task on its way to another process. */
export interface RemoteTask {
  /** Unique in its executor. */
  readonly id: number;
  /** The URL of the function's module, and the name of the export. */
  readonly url: string;
  readonly export: string;
  /** The arguments (`encodePortable`), or for a call batch of `map` a list of the arguments of each call. */
  readonly args: Uint8Array;
  readonly batch: boolean;
  /** What `with` was given. `signal` and `waitTimeout` are this side's affair. */
  readonly options: SubmitOptions;
}

/** A carrier takes tasks to other processes. */
export interface Carrier {
  /** Completes the sentence "… cannot …" in messages: "BullMQExecutor". */
  readonly name: string;
  /** How many tasks may be expected to run at a time: the default `buffersize` of `map` follows from it. */
  readonly places: number;
  /** Takes a task. `submit` throws what this throws. */
  send(task: RemoteTask): void;
  /** Takes the task back if no worker has begun it. Resolves to whether it was taken back. Never rejects. */
  takeBack(id: number): Promise<boolean>;
  /** Takes the task back, or has its worker stop it. Its outcome does not matter any more. */
  stop(id: number): void;
  /** No task is open any more, and none will come. */
  close(): Promise<void>;
}

/** The tasks of an executor that are open, and all that users do with them. */
export class RemoteTasks implements Owner<Future<unknown>> {
  readonly #carrier: Carrier;
  readonly #stats = new Stats();
  readonly #open = new Map<number, Future<unknown>>();
  /** The steps to undo when a task is done: its listener to a signal, its timer. */
  readonly #undo = new Map<number, () => void>();
  readonly #room = new Room(() => Infinity);
  #last = 0;
  #closing: Promise<void> | undefined;
  #whenEmpty: (() => void) | undefined;
  abandoned = false;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  get rt(): Runtime {
    return runtime();
  }

  /** How many tasks are not done. */
  get size(): number {
    return this.#open.size;
  }

  /** Whether the task is not done. */
  has(id: number): boolean {
    return this.#open.has(id);
  }

  /** The ids of the tasks that are not done, the oldest first. */
  ids(): IterableIterator<number> {
    return this.#open.keys();
  }

  /** `submit` of the executor. @throws what `Executor.submit` throws */
  submit<T>(
    fn: Function,
    args: readonly unknown[],
    options: SubmitOptions,
    trace: Trace,
    batch = false,
  ): Future<T> {
    this.checkUsable();
    const { url, name } = this.#moduleOf(fn);
    if (options.transfer !== undefined) {
      throw new NotShareableError(
        `${this.#carrier.name} cannot move buffers to another process: leave out \`transfer\`, and they are copied`,
      );
    }
    const bytes = encodePortable(args, "args");
    const future = new Future<T>(this, trace, options);
    const { signal } = options;
    if (signal?.aborted === true) {
      future.refuse(signal.reason);
      return future;
    }
    const id = ++this.#last;
    future.sequence = id;
    future.bytes = bytes.length;
    this.#open.set(id, future);
    if (this.#stats.choose()) this.#stats.begin(id);
    try {
      this.#carrier.send({ id, url, export: name, args: bytes, batch, options });
    } catch (error) {
      this.#open.delete(id);
      this.#stats.forget(id);
      if (error instanceof NotShareableError) useSubmitter(error, trace);
      throw error;
    }
    this.#watch(future, trace);
    return future;
  }

  /** `map` and `starmap` of the executor. @throws what `Executor.map` throws */
  map<I, O>(
    what: "map" | "starmap",
    fn: Function,
    source: Iterable<I> | AsyncIterable<I>,
    options: SubmitOptions,
    mapOptions: AnyMapOptions<I> = {},
  ): AsyncGenerator<O, void, undefined> {
    this.checkUsable();
    this.#moduleOf(fn);
    const trace = takeTrace(fn);
    const submit: SubmitParcel = (args, each, chunk) => this.submit(fn, args, each, trace, chunk);
    const refused = (error: unknown): Future<unknown> => refusedFuture(this, error, options, trace);
    const toArgs = what === "map" ? listOf : argsOf;
    const { places } = this.#carrier;
    return mapOver(
      { what, submit, refused, toArgs, places, room: this.#room, trace },
      source,
      options,
      mapOptions,
    );
  }

  /** `with` of the executor. */
  view(options: SubmitOptions): TaskSubmitter {
    checkSubmitOptions(options);
    for (const option of ["buffersize", "onProgress"]) {
      if ((options as Record<string, unknown>)[option] !== undefined)
        throw new TypeError(
          `${this.#carrier.name} has no option ${option}: its tasks run in other processes`,
        );
    }
    const own = { ...options };
    const view: Record<keyof TaskSubmitter, unknown> = {
      submit: (fn: Function, ...args: unknown[]) => this.submit(fn, args, own, takeTrace(fn)),
      map: (fn: Function, source: Iterable<unknown>, more?: AnyMapOptions<unknown>) =>
        this.map("map", fn, source, own, more),
      starmap: (fn: Function, source: Iterable<unknown[]>, more?: AnyMapOptions<unknown[]>) =>
        this.map("starmap", fn, source, own, more),
    };
    // The compiler cannot compare overloads with a function.
    return view as unknown as TaskSubmitter;
  }

  /** The outcome of a task has arrived. Only the first one counts. `ran` is how long it ran, in microseconds, if that is known. */
  settle(id: number, outcome: RemoteOutcome, ran?: number): void {
    const future = this.#open.get(id);
    if (future === undefined) return;
    if (ran !== undefined) this.#stats.end(id, ran);
    if (outcome.kind === "value") future.fulfil(outcome.value);
    else if (outcome.kind === "batch") future.fulfil(batchOf(outcome));
    else future.failAs((own) => errorOf(outcome, own));
  }

  /** The task has failed with an error of this package. */
  fail(id: number, error: Error): void {
    this.settle(id, { kind: "failed", error });
  }

  stats(): ExecutorStats {
    return this.#stats.snapshot(this.#open.size, this.#open.size, 0, 0);
  }

  /** @throws InterpreterError the executor is shut down */
  checkUsable(): void {
    if (this.#closing === undefined) return;
    throw new InterpreterError(`Cannot submit a task: this ${this.#carrier.name} was shut down`, {
      code: "ERR_EXECUTOR_SHUTDOWN",
    });
  }

  /** `shutdown` of the executor. @throws TypeError, RangeError a bad option. As a rejection. */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    checkShutdownOptions("shutdown", options);
    const { wait = true, cancelFutures = false, timeout } = options;
    if (cancelFutures) this.#cancelAll();
    const finished = (this.#closing ??= this.#finish());
    if (timeout !== undefined) {
      const timer = startTimer(timeout, () => void this.terminate().catch(() => undefined));
      const stop = (): void => stopTimer(timer);
      finished.then(stop, stop);
    }
    if (wait) await finished;
  }

  /** `terminateWorkers` of the executor. */
  async terminate(): Promise<void> {
    this.abandoned = true;
    const finished = (this.#closing ??= this.#finish());
    const open = [...this.#open.values()];
    for (const future of open) future.abandon();
    await NativePromise.all(open.map((future) => this.#end(future)));
    await finished;
  }

  async #finish(): Promise<void> {
    if (this.#open.size > 0) await new NativePromise<void>((resolve) => (this.#whenEmpty = resolve));
    await this.#carrier.close();
  }

  /** Takes back the tasks that no worker has begun. The others end as they would. */
  #cancelAll(): void {
    for (const future of this.#open.values()) {
      void this.#carrier.takeBack(future.sequence).then((taken) => {
        if (taken) future.wasTakenBack();
      });
    }
  }

  /** Ends a task for `terminate`. */
  async #end(future: Future<unknown>): Promise<void> {
    if ((await this.#takeBackSoon(future.sequence)) === true) return future.wasTakenBack();
    this.#carrier.stop(future.sequence);
    this.fail(
      future.sequence,
      new InterpreterDiedError("Cannot finish a task: terminateWorkers() stopped it", {
        interpreterId: -1,
        reason: "terminated",
      }),
    );
  }

  /** The module and export of a function. @throws NotShareableError it is no function of a module */
  #moduleOf(fn: Function): { readonly url: string; readonly name: string } {
    const callable = describe(fn);
    if (callable.kind === "module") return { url: callable.url, name: callable.export };
    throw new NotShareableError(
      `${this.#carrier.name} runs functions of modules only, because another machine finds them by name: export the function ` +
        'from a file, and name it: `const { f } = fromModule<typeof import("./file.js")>(new URL("./file.js", import.meta.url))`',
    );
  }

  #watch(future: Future<unknown>, trace: Trace): void {
    const { signal, waitTimeout } = future.options;
    const id = future.sequence;
    const stopListening =
      signal &&
      onAbort(signal, () => {
        this.#carrier.stop(id);
        future.aborted();
      });
    const timer =
      waitTimeout === undefined
        ? undefined
        : startTimer(waitTimeout, () => void this.#waitedTooLong(future, trace));
    if (stopListening === undefined && timer === undefined) return;
    this.#undo.set(id, () => {
      stopListening?.();
      stopTimer(timer);
    });
  }

  async #waitedTooLong(future: Future<unknown>, trace: Trace): Promise<void> {
    const taken = await this.#takeBackSoon(future.sequence);
    if (taken === false) return;
    if (taken === undefined) this.#carrier.stop(future.sequence);
    future.fail(waitLimitPassed(future.options.waitTimeout, trace));
  }

  /** Whether the task was taken back, or undefined if the carrier does not say so in time. */
  async #takeBackSoon(id: number): Promise<boolean | undefined> {
    return await new NativePromise<boolean | undefined>((resolve) => {
      const timer = startTimer(ANSWER_WITHIN, () => resolve(undefined));
      void this.#carrier.takeBack(id).then((taken) => {
        stopTimer(timer);
        resolve(taken);
      });
    });
  }

  /* ---- As the owner of its futures ---- */

  /** Whether a worker has begun the task shows only by its outcome: it is stopped in that case. */
  takeBack(future: Future<unknown>): boolean {
    if (!this.#open.has(future.sequence)) return false;
    this.#carrier.stop(future.sequence);
    return true;
  }

  isRunning(): boolean {
    return false;
  }

  settled(future: Future<unknown>): void {
    const id = future.sequence;
    if (!this.#open.delete(id)) return;
    this.#undo.get(id)?.();
    this.#undo.delete(id);
    const stats = this.#stats;
    stats.forget(id);
    if (future.cancelled() || future.wasAborted) stats.cancelled++;
    else if (future.failed()) stats.failed++;
    else stats.completed++;
    if (this.#open.size === 0) this.#whenEmpty?.();
  }

  checkBlocking(): void {
    throw new InterpreterError(
      `Cannot block for a task of ${this.#carrier.name}: its outcome arrives by the network, which a blocked thread does not read. ` +
        "Await the future, or use `result`, `exception`, `wait` or `select` in their asynchronous forms",
      { code: "ERR_BLOCKING_NOT_ALLOWED" },
    );
  }

  retry(): boolean {
    return false;
  }
  interruptedBy(): void {}
  timed(): void {}
  retired(): void {}
}
