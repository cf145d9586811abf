/**
 * The tasks of a pool, from their submission to their one outcome: what waits in line, what is taken back, what is run
 * once more after a death.
 *
 * They wait in the pool's queues in shared memory, one for each priority (interpreter/lanes.ts), so that workers go on
 * while this thread is busy. Here is kept who waits for which.
 */
import type { Channel } from "../platform/diagnostics.js";
import { onAbort } from "../base/abort.js";
import type { Code } from "../wire/code.js";
import { inLine, laneOf, LANES, wakeWorker, wakeWorkers } from "../kernel/lanes.js";
import { type Encoded, headerWord, Message, readBody, runningTime, WITH_SENDER } from "../wire/message.js";
import type { SupervisorHandover } from "../transfer/handover.js";
import { statusError } from "../wire/status-error.js";
import { reasonNumber, REQUEST_ABORT, WORK_CALL, WORK_CALL_BATCH } from "../wire/protocol.js";
import { isExecutingWork } from "../kernel/executions.js";
import type { Death, Runtime } from "../thread/runtime.js";
import { OK } from "../memory/layout.js";
import { createHiddenQueue } from "../queue/create.js";
import { pointerOf, type Queue } from "../queue/queue.js";
import { removeFrom, take } from "../kernel/queues.js";
import { makeReceived } from "../kernel/receive.js";
import { collectCarried, request } from "../thread/supervisor-client.js";
import { type TaskEvent, taskRetry, taskSettle } from "./events.js";
import type { InterpreterPoolExecutor } from "./executor.js";
import { Future, type Owner } from "./future.js";
import type { SubmitOptions } from "./options.js";
import { Stats } from "./stats.js";

/** Who is told of what concerns workers. */
export interface TasksOwner {
  readonly executor: InterpreterPoolExecutor;
  /** A task is done, however it ended. */
  settled(): void;
  /** A worker takes no more tasks. */
  retired(worker: number): void;
}

/** What it takes to run a task once more. */
interface Again {
  readonly code: Code;
  readonly chunk: boolean;
  readonly options: SubmitOptions;
  /** Its arguments, as they were. */
  readonly encoded: Encoded;
}

export class Tasks implements Owner {
  readonly rt: Runtime;
  /** Who replaces workers: a future that is pending keeps it, however it was forgotten otherwise. */
  readonly #pool: TasksOwner;
  /** Whether a worker runs several at a time. */
  readonly #several: boolean;
  /** Highest priority first. */
  readonly queues: readonly Queue[];
  /** False: no task is run again any more. */
  retrying = true;
  readonly stats = new Stats();
  readonly #pointers: readonly number[];
  /** How many are submitted and not settled: in line, or being run. */
  #open = 0;
  #whenAllSettled: (() => void) | undefined;

  constructor(rt: Runtime, pool: TasksOwner, concurrency: number) {
    this.rt = rt;
    this.#pool = pool;
    this.#several = concurrency > 1;
    this.queues = Array.from({ length: LANES }, () => createHiddenQueue());
    this.#pointers = this.queues.map(pointerOf);
  }

  /** How many wait in line or run. */
  get size(): number {
    return this.#open;
  }

  /** How many wait in line. */
  get queued(): number {
    return inLine(this.rt.m, this.#pointers);
  }

  /**
   * Puts a task in line. `args` are its arguments, or of a chunk those of each call, or encoded before. Throws where it cannot
   * travel, and then nothing was put.
   */
  enqueue(
    future: Future<unknown>,
    code: Code,
    chunk: boolean,
    options: SubmitOptions,
    args: readonly unknown[] | Encoded,
    moving?: SupervisorHandover,
  ): void {
    const { m, id } = this.rt;
    const lane = laneOf(options.priority ?? 0);
    const isNew = Array.isArray(args);
    const queue = this.#pointers[lane];
    const sequence = this.rt.expect(future);
    const timed = this.stats.choose();
    // The code must outlive the call, the arguments need not, except to run it again: as they are now, whatever becomes
    // of them. What they refer to (queues, interpreters) is kept by the task itself.
    let kept: Code | Again = code;
    const message = Message.take(m);
    try {
      const kind = chunk ? WORK_CALL_BATCH : WORK_CALL;
      message.header(sequence, kind, code.id, code.pointer, timed ? 1 : 0, runningTime(options.timeout));
      if (isNew) message.list(args, "args", moving);
      else message.again(args as Encoded);
      future.bytes = message.scratch.end;
      if (future.retriesLeft > 0) {
        kept = { code, chunk, options, encoded: isNew ? message.encoded() : (args as Encoded) };
      }
      if (timed) this.stats.begin(sequence);
      const status = message.intoQueue(queue, false, id, WITH_SENDER);
      future.place = m.lastPut;
      if (status !== OK) throw statusError(status, -1, "submit a task");
    } catch (error) {
      this.rt.forget(sequence);
      this.stats.forget(sequence);
      throw error;
    } finally {
      message.discard();
    }
    if (this.#several) wakeWorkers(m, this.#pointers);
    else wakeWorker(m, this.#pointers, lane);
    future.sequence = sequence;
    future.queue = queue;
    future.task = kept;
    // One that is run again has been counted.
    if (isNew && this.#open++ === 0) this.rt.ref();
  }

  /** Takes the task back while it waits in line; stops it, with its interpreter, where it runs. */
  stopOnAbort(future: Future<unknown>, signal: AbortSignal): void {
    const stopListening = onAbort(signal, () => {
      if (future.done()) return;
      if (this.takeBack(future)) future.fail(signal.reason);
      else request(this.rt, REQUEST_ABORT, -1, reasonNumber("aborted"), future.sequence);
    });
    future.addDoneCallback(stopListening);
  }

  takeBack(future: Future<unknown>): boolean {
    if (!removeFrom(this.rt.m, future.queue, this.rt.id, future.sequence, future.place)) return false;
    this.rt.forget(future.sequence);
    collectCarried(this.rt, future.queue);
    return true;
  }

  isRunning(sequence: number): boolean {
    return isExecutingWork(this.rt.m, this.rt.id, sequence);
  }

  retry(future: Future<unknown>, death: Death): boolean {
    if (future.retriesLeft === 0 || !this.retrying || death.reason === "aborted") return false;
    const { code, chunk, options, encoded } = future.task as Again;
    if (options.signal?.aborted === true) return false;
    future.retriesLeft--;
    this.stats.forget(future.sequence);
    try {
      this.enqueue(future, code, chunk, options, encoded);
    } catch {
      // There is no memory for it: the death is what there is to say.
      return false;
    }
    if (taskRetry.hasSubscribers) this.tell(taskRetry, future);
    return true;
  }

  /** Where somebody listens. */
  tell(channel: Channel, future: Future<unknown>): void {
    channel.publish({ executor: this.#pool.executor, future } satisfies TaskEvent);
  }

  timed(future: Future<unknown>, ran: number): void {
    this.stats.end(future.sequence, ran);
  }

  settled(future: Future<unknown>): void {
    // At once: whoever is told of it below may submit the next.
    if (--this.#open === 0) this.rt.unref();
    this.#count(future);
    if (taskSettle.hasSubscribers) this.tell(taskSettle, future);
    this.#pool.settled();
    if (this.#open === 0) this.#whenAllSettled?.();
  }

  retired(worker: number): void {
    this.#pool.retired(worker);
  }

  cancelAllInLine(): void {
    for (const future of this.#takeAllBack()) future.wasTakenBack();
  }

  failAllInLine(error: unknown): void {
    for (const future of this.#takeAllBack()) future.fail(error);
  }

  async allSettled(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#whenAllSettled = resolve));
  }

  close(): void {
    for (const queue of this.queues) queue.close();
  }

  #count(future: Future<unknown>): void {
    const { stats } = this;
    stats.forget(future.sequence);
    if (future.failed()) stats.failed++;
    else if (future.cancelled()) stats.cancelled++;
    else stats.completed++;
  }

  /** It was refused after all: nobody has a future for it. */
  withdraw(future: Future<unknown>): void {
    this.takeBack(future);
    this.rt.forget(future.sequence);
    this.stats.forget(future.sequence);
    if (--this.#open === 0) this.rt.unref();
  }

  /** Those that no worker has taken, in order: a queue is emptied as a worker would do it, one step for each. */
  #takeAllBack(): Future<unknown>[] {
    const { m } = this.rt;
    const taken: Future<unknown>[] = [];
    const received = makeReceived();
    for (const pointer of this.#pointers) {
      while (take(m, pointer, false, received) === OK) {
        const future = this.rt.forget(headerWord(m, received, 0));
        // Decoding is what gives back what it carries.
        readBody(m, received);
        if (future instanceof Future) taken.push(future);
      }
    }
    return taken;
  }
}
