/**
 * A pool of interpreters (PEP 734, "InterpreterPoolExecutor"; CPython: `concurrent.futures.InterpreterPoolExecutor`).
 *
 *     submitter's thread            shared memory                       a worker's thread
 *
 *     submit(fn, …args)             ┌──────────────────────────┐
 *       │ 1 encode, put ──────────▶ │ the pool's queue         │ ─ 3 take, record ─▶ execution
 *       │ 2 ring a waiting worker   │ (one for each priority)  │   in one lock step    │ 4 decode, call, await
 *       ▼                           └──────────────────────────┘                       │
 *     Future, in the                ┌──────────────────────────┐                       │
 *     pending table ◀─── 6 settle ─ │ the submitter's mailbox  │ ◀──── 5 reply ────────┘
 *                                   └──────────────────────────┘
 *
 * All workers share the queue, and each takes one task after the other. So no task waits behind a slow one while a
 * worker is idle, and workers go on while the submitter's thread is busy.
 *
 * This file is what users see; executor-type.ts and view.ts document the ways to submit tasks, and executor-base.ts has them. pool.ts decides when workers start and how the pool ends, tasks.ts keeps the tasks,
 * workers.ts the interpreters. README.md in this folder explains how pools work, and draws the life of a task.
 */
import { ownOptions } from "../base/check.js";
import { reportError } from "../base/report.js";
import type { Executor } from "./executor-type.js";
import { ExecutorBase, poolOf } from "./executor-base.js";
import { TaskGroup } from "./group.js";
import { checkGroupOptions, type GroupOptions } from "./group-options.js";
import {
  checkExecutorOptions,
  checkRoomOptions,
  checkShutdownOptions,
  checkSubmitOptions,
  type ExecutorOptions,
  type Initargs,
  type ProgressOptions,
  type IterateTaskOptions,
  type RoomOptions,
  type ShutdownOptions,
} from "./options.js";
import type { Pool } from "./pool.js";
import type { ExecutorStats } from "./stats.js";
import { type ExecutorView, type ProgressView, progressViewOf, viewOf } from "./view.js";

/**
 * Runs functions in a pool of interpreters, each on a thread of its own.
 *
 * Interpreters start when tasks need them, up to `maxWorkers`. An executor without pending futures does not keep the
 * process alive, and one that is no longer reachable is closed; `await using` closes it at the end of the block, after
 * its tasks.
 *
 * @typeParam A the initializer's parameters
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * await executor.submit((n: number) => n * 2, 21); // 42
 * for await (const square of executor.map((n: number) => n * n, [1, 2, 3])) console.log(square);
 */
export class InterpreterPoolExecutor<A extends unknown[] = unknown[]>
  extends ExecutorBase
  implements Executor, ExecutorView
{
  /** The most interpreters that it has at a time: the option, or the number of processors. */
  readonly maxWorkers: number;
  readonly #pool: Pool;

  /**
   * @param options see `ExecutorOptions`; all are optional
   * @throws TypeError, RangeError a bad option; NotShareableError the initializer, `initargs` or `shared` cannot travel;
   * InterpreterError (`ERR_INTERPRETER_LIMIT`) `minWorkers` interpreters cannot be created
   */
  constructor(options?: ExecutorOptions<A> & Initargs<A>) {
    // The compiler has checked what the initializer takes. From here on it is any function.
    super(checkExecutorOptions(options === undefined ? {} : options));
    this.#pool = poolOf(this);
    this.maxWorkers = this.#pool.maxWorkers;
  }

  /**
   * A view of this executor whose tasks have options: a time limit, a signal, buffers to move, a priority, or a listener to their
   * progress (`ProgressOptions`). The executor itself stays as it is.
   *
   * @param options copied now: later changes do not count
   * @throws TypeError, RangeError a bad option
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const bytes = new ArrayBuffer(1_000_000);
   * const size = executor.with({ priority: 1, transfer: [bytes] }).submit((b: ArrayBuffer) => b.byteLength, bytes);
   * console.log(await size, bytes.byteLength); // 1000000 0
   */
  with<P>(options: ProgressOptions<P>): ProgressView<P>;
  with(options: IterateTaskOptions): ExecutorView;
  with(options: IterateTaskOptions & Partial<ProgressOptions<never>>): unknown {
    const { onProgress, ...others } = checkSubmitOptions(options);
    const own = ownOptions(others);
    return onProgress === undefined
      ? viewOf(this.#pool, own, this)
      : progressViewOf(this.#pool, own, onProgress);
  }

  /**
   * A group of tasks that belong together, and of which none outlives the block: the first failure cancels the others and is thrown at the
   * end. See `TaskGroup`.
   *
   * @param options `signal` and `timeout` of the whole group
   * @throws TypeError, RangeError a bad option; InterpreterError (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool
   * @see Python: `asyncio.TaskGroup`
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * await using group = executor.group({ timeout: 60_000 });
   * for (const n of [1, 2, 3]) group.submit((n: number) => n * n, n);
   */
  group(options: GroupOptions = {}): TaskGroup {
    options = ownOptions(options);
    checkGroupOptions(options);
    this.#pool.checkUsable();
    return new TaskGroup(this.#pool, options);
  }

  /**
   * Resolves when `submit` finds room in a pool with `maxQueue`, at once if there is room now. Waiters are served in order. The
   * place is not reserved: what submits in between may take it.
   *
   * @param options `timeout` and `signal`
   * @throws a TimeoutError DOMException; the signal's reason; TypeError, RangeError a bad option; InterpreterError
   * (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool. All as a rejection.
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2, maxQueue: 8 });
   * const futures: Future<number>[] = [];
   * for (let n = 0; n < 100; n++) {
   *   await executor.room();
   *   futures.push(executor.submit((x: number) => x * x, n));
   * }
   * console.log((await Promise.all(futures)).length); // 100
   */
  async room(options: RoomOptions = {}): Promise<void> {
    await this.#pool.waitForRoom(checkRoomOptions("room", options), ownOptions(options).signal);
  }

  /**
   * Like `room`, but blocks this thread.
   *
   * @throws as `room`, but synchronously
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1, maxQueue: 0 });
   * const first = executor.submit(() => "first");
   * executor.roomSync({ timeout: 60_000 });
   * console.log(first.done()); // true
   */
  roomSync(options: RoomOptions = {}): void {
    this.#pool.waitForRoomSync(checkRoomOptions("roomSync", options));
  }

  /**
   * A snapshot of how much there is to do, what is done, and how long it took. To observe single tasks and interpreters,
   * subscribe to the channels of `TaskEvent` and `WorkerEvent`.
   *
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * await executor.submit(() => 1);
   * const { completed, runTime } = executor.stats();
   * console.log(completed, runTime.count); // 1 1
   */
  stats(): ExecutorStats {
    return this.#pool.stats();
  }

  /**
   * Takes no more tasks: `submit` and `map` throw from now on. Tasks that are submitted still run, and then the
   * interpreters are closed. May be called again, for instance to cancel what still waits, or to wait.
   *
   * @param options `wait` (default true): resolve when all tasks are done and all interpreters are gone, instead of at
   * once. `cancelFutures` (default false): cancel the tasks in line; running tasks end as they would. `timeout`
   * (milliseconds; default: `shutdownTimeout` of the executor): stop all interpreters after it, as `terminateWorkers` does
   * @throws TypeError, RangeError a bad option. As a rejection.
   * @see CPython: `Executor.shutdown`
   * @example
   * const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const future = executor.submit(() => "done");
   * await executor.shutdown({ timeout: 10_000 });
   * future.done(); // true
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    const { wait = true, cancelFutures = false, timeout } = checkShutdownOptions("shutdown", options);
    const finished = this.#pool.finish(cancelFutures, timeout);
    if (wait) await finished;
    else finished.catch(reportError);
  }

  /**
   * Like `shutdown`, but blocks this thread, and does not wait for sinks of the interpreters' output.
   *
   * @param options as for `shutdown`
   * @throws TypeError, RangeError a bad option
   * @example
   * const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const future = executor.submit(() => "done");
   * executor.shutdownSync();
   * future.resultSync(); // "done"
   */
  shutdownSync(options: ShutdownOptions = {}): void {
    const { wait = true, cancelFutures = false, timeout } = checkShutdownOptions("shutdownSync", options);
    if (wait) this.#pool.finishSync(cancelFutures, timeout);
    else this.#pool.finish(cancelFutures, timeout).catch(reportError);
  }

  /**
   * Stops all interpreters at once, whatever they do, and takes no more tasks. Tasks in line are cancelled. Running tasks
   * fail with `InterpreterDiedError` (`reason: "terminated"`), whatever `retries` they have left; such a failure is no
   * unhandled rejection. Resolves when the interpreters are gone.
   *
   * @see CPython 3.14: `ProcessPoolExecutor.terminate_workers`
   * @example
   * const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const [hung, inLine] = [1, 2].map(() => executor.submit(() => { for (;;); }));
   * while (!hung.running()) await new Promise((resolve) => setImmediate(resolve));
   * await executor.terminateWorkers();
   * console.log(String(await hung.exception()), inLine.cancelled());
   */
  async terminateWorkers(): Promise<void> {
    await this.#pool.finish(true, 0);
  }

  /**
   * Like `terminateWorkers`, but blocks this thread.
   *
   * @example
   * const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const hung = executor.submit(() => { for (;;); });
   * executor.terminateWorkersSync();
   * hung.done(); // true
   */
  terminateWorkersSync(): void {
    this.#pool.finishSync(true, 0);
  }

  /** Shuts the executor down and waits, at most `shutdownTimeout` (`await using`). Never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** Shuts the executor down and blocks this thread, at most `shutdownTimeout` (`using`). Never throws. */
  [Symbol.dispose](): void {
    this.shutdownSync();
  }
}
