/**
 * The tasks of a pool, from submission to their one outcome: put in line, taken back, or run again after a death.
 *
 * Tasks wait in the pool's queues in shared memory, one queue for each priority (kernel/lanes.ts), so workers take
 * the next one without this thread, which may be busy. This file keeps the submitter's side: which future belongs to
 * which record (the runtime's pending table), and what a retry needs.
 *
 * A task is counted in `size` from `enqueue` until its future is settled (or the task withdrawn). While any is counted,
 * the runtime keeps the event loop alive.
 */
import type { Channel } from "../platform/diagnostics.js";
import { NativePromise } from "../platform/microtasks.js";
import { onAbort } from "../base/abort.js";
import { clock } from "../base/clock.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { CODEC_JAVASCRIPT } from "../codec/codec.js";
import type { Code } from "../wire/code.js";
import type { Language } from "../guests/language.js";
import { inLine, laneOf, LANES, wakeWorker, wakeWorkers } from "../kernel/lanes.js";
import {
  checkReadable,
  type Encoded,
  headerWord,
  Message,
  readBody,
  runningTime,
  WITH_SENDER,
} from "../wire/message.js";
import type { SupervisorHandover } from "../transfer/handover.js";
import type { Moves } from "../transfer/moves.js";
import { statusError } from "../wire/status-error.js";
import { reasonNumber, REQUEST_ABORT, WORK_CARRIES } from "../wire/protocol.js";
import { isExecutingWork } from "../kernel/executions.js";
import { carried } from "../thread/carried.js";
import type { Death } from "../thread/death.js";
import type { Runtime } from "../thread/runtime.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import type { Trace } from "../thread/trace.js";
import { OK } from "../memory/layout.js";
import { createHiddenQueue } from "../queue/create.js";
import { pointerOf, type Queue } from "../queue/queue.js";
import { removeFrom, take } from "../kernel/queues.js";
import { makeReceived } from "../kernel/receive.js";
import { collectCarried, request } from "../thread/supervisor-client.js";
import { type TaskMessage, taskRetry, taskSettle } from "./diagnostics.js";
import { Future } from "./future.js";
import type { Owner } from "./owner.js";
import type { SubmitOptions } from "./options.js";
import { Stats } from "./stats.js";

/** The pool that the tasks belong to. It learns what may change the number of workers it needs. */
export interface TasksOwner {
  /** Named in diagnostics messages. */
  readonly executor: unknown;
  /**
   * Whether a task with the signal may be put in line now. If not, returns the reason that its future rejects with.
   *
   * @throws BrokenInterpreterPool; InterpreterError the pool takes no more tasks
   */
  refusal(signal: AbortSignal | undefined, waited: boolean): Refusal | undefined;
  /** A task is done, however it ended. */
  settled(): void;
  /** The interpreter with the id `worker` takes no more tasks. */
  retired(worker: number): void;
}

/**
 * Microseconds: shorter tasks are over before a worker that sleeps has come to take another one. Waking a worker for each of them would
 * only keep this thread from submitting.
 */
const SHORT = 100;

/** Why a task was not put in line. */
export interface Refusal {
  readonly reason: unknown;
}

/** A task's retry needs these. */
interface Again {
  readonly code: Code;
  readonly kind: number;
  readonly options: SubmitOptions;
  /** The task's arguments, as they were when it was submitted. */
  readonly encoded: Encoded;
  /** Those arguments, if they refer to callbacks and others that a message only names: it keeps them. */
  readonly referents: unknown;
}

export class Tasks implements Owner<Future<unknown>> {
  readonly rt: Runtime;
  /** Replaces workers. A pending future must keep it reachable (future → tasks → pool), even if the user drops the executor. */
  readonly #pool: TasksOwner;
  /** How many workers there may be. */
  readonly #workers: number;
  /** Whether a worker runs several tasks at a time. */
  readonly #several: boolean;
  /** The language of the workers. */
  readonly #language: Language;
  /** One for each priority, the highest first. */
  readonly queues: readonly Queue[];
  /** Once false, a death fails its tasks whatever retries they have left. */
  retrying = true;
  /** Whether the caller has ended all tasks: their failures are no unhandled rejections then. */
  abandoned = false;
  readonly stats = new Stats();
  /** Of `queues`, in the same order. */
  readonly pointers: readonly Pointer[];
  /** How many tasks are submitted and not settled: in line, or being executed. */
  #open = 0;
  /** How many of them keep the event loop alive. */
  #awake = 0;
  #whenAllSettled: (() => void) | undefined;
  #closed = false;
  /** The last interpreter that died while it was executing a task. */
  #lastKilled = -1;

  constructor(rt: Runtime, pool: TasksOwner, workers: number, concurrency: number, language: Language) {
    this.rt = rt;
    this.#pool = pool;
    this.#workers = workers;
    this.#several = concurrency > 1;
    this.#language = language;
    this.queues = Array.from({ length: LANES }, () => createHiddenQueue());
    this.pointers = this.queues.map(pointerOf);
  }

  /** How many tasks wait in line or are being executed. */
  get size(): number {
    return this.#open;
  }

  /** How many tasks wait in line. Takes the lock of each queue once. */
  get queued(): number {
    return inLine(this.rt.m, this.pointers);
  }

  /**
   * Puts a task of a kind (`WORK_CALL` …) in line. `args` are its arguments; for a call batch, a list of each call's arguments; for a
   * retry, either of them encoded. `waited` says that its caller has waited for room.
   *
   * @returns what `refusal` says after the arguments were encoded: then nothing was put or counted
   * @throws NotShareableError the arguments cannot travel; InterpreterError shared memory is exhausted; what
   * `refusal` throws. Nothing was put then, and nothing is counted.
   */
  enqueue(
    future: Future<unknown>,
    code: Code,
    kind: number,
    options: SubmitOptions,
    args: readonly unknown[] | Encoded,
    waited = true,
    moving?: Moves<SupervisorHandover, Runtime>,
  ): Refusal | undefined {
    const { m, id } = this.rt;
    const lane = laneOf(options.priority ?? 0);
    const isNew = Array.isArray(args);
    const queue = this.pointers[lane];
    const sequence = this.rt.expect(future);
    const timed = this.stats.choose();
    const each = this.#several || (this.#open < this.#workers && this.stats.recent > SHORT);
    // The code must outlive the call. The arguments need not, except for a retry, which takes them as they are now,
    // whatever the caller does with them later. The task itself keeps the queues and interpreters that they refer to.
    let kept: Code | Again = code;
    const carrier = isNew && this.#language.tag === CODEC_JAVASCRIPT ? carried() : undefined;
    if (carrier !== undefined) kind |= WORK_CARRIES;
    const message = Message.take(m);
    let counted = false;
    try {
      message.header(sequence, kind, code.id, code.pointer, timed ? 1 : 0, runningTime(options.timeout));
      if (isNew) {
        message.list(carrier === undefined ? args : [...args, carrier], "args", moving);
        moving?.check();
        checkReadable(message.codec, this.#language, "args");
        // Encoding calls getters and iterators of the user, which may have shut the pool down, aborted the signal, or submitted
        // tasks.
        const refusal = this.#pool.refusal(options.signal, waited);
        if (refusal !== undefined) {
          this.rt.forget(sequence);
          return refusal;
        }
      } else message.again(args as Encoded);
      future.bytes = message.scratch.end;
      if (future.retriesLeft > 0) {
        const encoded = isNew ? message.encoded() : (args as Encoded);
        const before = isNew ? args : (future.task as Again).referents;
        const referents = encoded.references.length > 0 ? before : undefined;
        kept = { code, kind, options, encoded, referents };
      }
      if (timed) this.stats.begin(sequence);
      // A retry has been counted already. Before the task can be seen: at the end of the call stack, counting may throw.
      if (isNew) this.#count(future, 1);
      counted = isNew;
      const status = message.intoQueue(queue, false, id, WITH_SENDER, each);
      future.place = m.lastPut;
      if (status !== OK) throw statusError(status, -1 as InterpreterId, "submit a task");
    } catch (error) {
      this.rt.forget(sequence);
      this.stats.forget(sequence);
      if (counted) this.#count(future, -1);
      throw error;
    } finally {
      message.discard();
    }
    future.sequence = sequence;
    future.queue = queue;
    future.task = kept;
    if (this.#several) wakeWorkers(m, this.pointers);
    else wakeWorker(m, this.pointers, lane, each);
    return undefined;
  }

  /**
   * When `signal` aborts, takes the task back if it waits in line (it fails with the signal's reason), or stops its
   * interpreter if that is executing it. The future rejects with the signal's reason in both cases.
   */
  stopOnAbort(future: Future<unknown>, signal: AbortSignal): void {
    const stop = (): void => {
      if (future.done()) return;
      if (this.takeBack(future)) future.aborted();
      else this.stop(future);
    };
    // A subscriber that learned of the task may have aborted the signal.
    if (signal.aborted) stop();
    else if (!future.done()) future.addDoneListener(onAbort(signal, stop));
  }

  /** Stops the interpreter that executes the task. */
  stop(future: Future<unknown>): void {
    request(this.rt, REQUEST_ABORT, -1, reasonNumber("aborted"), future.sequence);
  }

  /** Takes the task back if it still waits in line after `waitTimeout` milliseconds. */
  limitWait(future: Future<unknown>, waitTimeout: number): void {
    if (waitTimeout === Infinity || future.done()) return;
    future.waitsUntil = clock() + waitTimeout;
    const timer = startTimer(waitTimeout, () => future.waitedTooLong());
    future.addDoneListener(() => stopTimer(timer));
  }

  /** Removes the task from its queue. Returns false if a worker has taken it: then only its interpreter's end stops it. */
  takeBack(future: Future<unknown>): boolean {
    if (!removeFrom(this.rt.m, future.queue, this.rt.id, future.sequence, future.place)) return false;
    this.rt.forget(future.sequence);
    collectCarried(this.rt, future.queue);
    return true;
  }

  /** Whether a worker is executing the task now. */
  isRunning(sequence: number): boolean {
    return isExecutingWork(this.rt.m, this.rt.id, sequence);
  }

  interruptedBy(death: Death): void {
    this.#lastKilled = death.id;
  }

  /**
   * Puts a task in line again after its interpreter died. Returns false if it must fail with that death: it has no
   * retries left, the pool is broken, or shared memory is exhausted.
   */
  retry(future: Future<unknown>): boolean {
    if (future.retriesLeft === 0 || !this.retrying) return false;
    const { code, kind, options, encoded } = future.task as Again;
    future.retriesLeft--;
    // It has waited once.
    future.waitsUntil = 0;
    this.stats.forget(future.sequence);
    try {
      this.enqueue(future, code, kind, options, encoded);
    } catch {
      // Shared memory is exhausted: the task fails with the death.
      return false;
    }
    if (taskRetry.hasSubscribers) this.tell(taskRetry, future);
    return true;
  }

  /** Publishes a message about a task. The caller checks first that the channel has subscribers. */
  tell(channel: Channel, future: Future<unknown>): void {
    channel.publish({ executor: this.#pool.executor, future } satisfies TaskMessage);
  }

  /** The reply to a timed task: it ran for `ran` microseconds. */
  timed(future: Future<unknown>, ran: number): void {
    this.stats.end(future.sequence, ran);
  }

  /** A future of these tasks is done, however it ended. */
  settled(future: Future<unknown>): void {
    // First of all: a subscriber or the pool, notified below, may submit the next task.
    this.#count(future, -1);
    this.#noteOutcome(future);
    if (taskSettle.hasSubscribers) this.tell(taskSettle, future);
    this.#pool.settled();
    if (this.#open === 0) this.#whenAllSettled?.();
  }

  /** A reply said that its worker takes no more tasks. */
  retired(worker: number): void {
    this.#pool.retired(worker);
  }

  /** Cancels the tasks that no worker has taken. */
  cancelAllInLine(): void {
    for (const future of this.#takeAllBack()) future.wasTakenBack();
  }

  /** Fails the tasks that no worker has taken. `makeError` is given where a task was submitted. */
  failAllInLine(makeError: (trace: Trace | undefined) => unknown): void {
    for (const future of this.#takeAllBack()) future.failAs(makeError);
  }

  /** Whether the interpreter `id`, whose death this thread has just learned of, was executing tasks of this pool. */
  lastKilled(id: number): boolean {
    return this.#lastKilled === id;
  }

  /** Resolves when no task is in line or being executed. */
  async allSettled(): Promise<void> {
    if (this.#open === 0) return;
    this.rt.ref();
    await new NativePromise<void>((resolve) => (this.#whenAllSettled = resolve));
    this.rt.unref();
  }

  /** The caller ends all tasks. */
  abandon(): void {
    this.retrying = false;
    this.abandoned = true;
  }

  /** Closes the queues. No task may be in line. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const queue of this.queues) queue.close();
  }

  /** Counts a task that is submitted (1) or settled (-1). */
  #count(future: Future<unknown>, by: 1 | -1): void {
    if (future.onDone === undefined) {
      // First, because it may throw.
      if (by === 1 && this.#awake === 0) this.rt.ref();
      this.#awake += by;
      if (by === -1 && this.#awake === 0) this.rt.unref();
    }
    this.#open += by;
  }

  #noteOutcome(future: Future<unknown>): void {
    const { stats } = this;
    stats.forget(future.sequence);
    if (future.cancelled() || future.wasAborted) stats.cancelled++;
    else if (future.failed()) stats.failed++;
    else stats.completed++;
  }

  /** Undoes `enqueue`: the task is refused after all, and its future never reaches the caller. */
  withdraw(future: Future<unknown>): void {
    this.takeBack(future);
    this.rt.forget(future.sequence);
    this.stats.forget(future.sequence);
    this.#count(future, -1);
  }

  /** Takes the tasks that no worker has taken, in order, as a worker would: one lock step for each. */
  #takeAllBack(): Future<unknown>[] {
    const { m } = this.rt;
    const taken: Future<unknown>[] = [];
    const received = makeReceived();
    for (const pointer of this.pointers) {
      while (take(m, pointer, false, received) === OK) {
        const future = this.rt.forget(headerWord(m, received, 0));
        // Decoding releases the references (queues, interpreters) that the record carries.
        readBody(m, received);
        if (future instanceof Future) taken.push(future);
      }
    }
    return taken;
  }
}
