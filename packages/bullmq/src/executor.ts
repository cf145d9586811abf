/** `BullMQExecutor`: the executor whose tasks run on other machines, by way of a BullMQ queue. */
import type { Executor, ExecutorStats, ShutdownOptions, SubmitOptions, TaskSubmitter } from "interpreters";
import { core, type RemoteTasks } from "interpreters/core";
import { BullMQCarrier } from "./carrier.js";
import { type BullMQExecutorOptions, checkExecutorOptions } from "./options.js";

/** How many jobs of a queue are in which state, and how many workers serve it. */
export interface QueueCounts {
  /** By BullMQ's name of the state: `waiting`, `prioritized`, `active`, `failed`, … */
  readonly jobs: Readonly<Record<string, number>>;
  /** How many worker processes are connected. */
  readonly workers: number;
}

/**
 * Runs functions of modules on other machines: tasks go through a BullMQ queue to workers (`interpreters worker`, or `createWorker`),
 * each of which runs them in a pool of interpreters.
 *
 * - **At least once**: a task whose worker dies is run again as often as `retries` says; without retries it fails with
 *   `InterpreterDiedError`. A worker that dies between the end of a task and the storing of its outcome has run it all the same. So let tasks
 *   with retries bear being run twice: write by a key, not by appending.
 * - **Exactly one outcome** here for each task, whatever happens to workers, connections and Redis. As long as Redis has a task, it is
 *   not lost; one that Redis has lost fails with `ERR_TASK_LOST`.
 * - Shut it down (`await using`): its connections keep the process alive.
 *
 * @example
 * import { fromModule } from "interpreters";
 * import { BullMQExecutor } from "interpreters-bullmq";
 *
 * const { basename } = fromModule<typeof import("node:path")>("node:path");
 * await using executor = new BullMQExecutor({ queue: "images", connection: "redis://127.0.0.1:6379" });
 * console.log(await executor.submit(basename, "/a/b.txt")); // b.txt
 */
export class BullMQExecutor implements Executor {
  readonly #carrier: BullMQCarrier;
  readonly #tasks: RemoteTasks;

  /**
   * Has a worker run `fn(...args)`. Arguments and results are copied; they may be whatever `interpreters` copies, but nothing that exists in
   * one process only (queues, locks, shared memory). `cancel()` of the future takes the task back or, if a worker has begun it, has it
   * stopped there. Blocking forms (`resultSync`) throw `ERR_BLOCKING_NOT_ALLOWED`.
   *
   * @param fn a function of a module (`fromModule`): a file of the project, of a package, or a builtin module
   * @returns the task's future, which rejects with what the task throws (`TaskError`), with `InterpreterDiedError` if its worker or interpreter
   * died, and with `InterpreterError` (`BullMQErrorCode`) if Redis or the worker cannot run it
   * @throws NotShareableError the function has no name on other machines, or an argument cannot travel; InterpreterError
   * (`ERR_EXECUTOR_SHUTDOWN`, `ERR_VALUE_TOO_LARGE`)
   */
  readonly submit: Executor["submit"];

  /**
   * Runs `fn` for each item of a source, as `InterpreterPoolExecutor.map` does; by default with `4 × places` items under way. With
   * `chunksize`, a job has that many items, which saves most of the cost of small tasks.
   */
  readonly map: Executor["map"];

  /** Like `map`, but each item is an array of arguments. */
  readonly starmap: Executor["starmap"];

  /**
   * @param options see `BullMQExecutorOptions`
   * @throws TypeError, RangeError a bad option
   */
  constructor(options: BullMQExecutorOptions) {
    this.#carrier = new BullMQCarrier(checkExecutorOptions(options));
    const { createTasks, takeTrace } = core.remote;
    const tasks = createTasks(this.#carrier);
    this.#carrier.serve(tasks);
    this.#tasks = tasks;
    this.submit = ((fn: Function, ...args: unknown[]) =>
      tasks.submit(fn, args, NO_OPTIONS, takeTrace(fn))) as Executor["submit"];
    this.map = ((fn: Function, source: Iterable<unknown>, more?: object) =>
      tasks.map("map", fn, source, NO_OPTIONS, more)) as Executor["map"];
    this.starmap = ((fn: Function, source: Iterable<unknown>, more?: object) =>
      tasks.map("starmap", fn, source, NO_OPTIONS, more)) as Executor["starmap"];
  }

  /**
   * Resolves when Redis is connected. Tasks may be submitted before: they wait for the connection.
   *
   * @throws InterpreterError (`ERR_REDIS_UNREACHABLE`, `ERR_REDIS_REFUSED`), which says what to do
   */
  async ready(): Promise<void> {
    await this.#carrier.ready();
  }

  /**
   * A view of this executor whose tasks have options: `timeout` (how long the task may run at its worker), `waitTimeout`, `signal` and
   * `priority`. Strictly, tasks of a higher priority come first, and those without one before all that have one.
   *
   * @throws TypeError, RangeError a bad option
   */
  with(options: SubmitOptions): TaskSubmitter {
    return this.#tasks.view(options);
  }

  /**
   * How many tasks of this executor are open and done. Which of them run shows Redis only: all open ones count as `queued`, and `workers` is 0;
   * see `counts`.
   */
  stats(): ExecutorStats {
    return this.#tasks.stats();
  }

  /**
   * What Redis says about the whole queue.
   *
   * @throws as `ready`
   */
  async counts(): Promise<QueueCounts> {
    return await this.#carrier.counts();
  }

  /**
   * Takes no more tasks, waits for those that are open, and closes the connections.
   *
   * @param options as for `InterpreterPoolExecutor.shutdown`; `timeout`: then as `terminateWorkers()`
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    await this.#tasks.shutdown(options);
  }

  /**
   * Ends all tasks of this executor at once: those that no worker has begun are cancelled, the others are stopped at their workers and fail with
   * `InterpreterDiedError` (`reason: "terminated"`). The workers live on: they serve others, too.
   */
  async terminateWorkers(): Promise<void> {
    await this.#tasks.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

const NO_OPTIONS: SubmitOptions = {};
