/** The options of pools and tasks. They are checked where the user gives them, so that a mistake is an error there. */
import type { Language } from "../guests/language.js";
import { processors } from "../platform/processors.js";
import { checkCount, checkOptions, checkSignal, checkTimeout, show } from "../base/check.js";
import { checkTransfer, type Movable } from "../transfer/transfer-list.js";
import { HIGHEST_PRIORITY } from "../kernel/lanes.js";
import { checkCreateOptions, type CreateOptions, type ResourceLimits } from "../interpreter/options.js";

/**
 * Options of `InterpreterPoolExecutor` (CPython: its parameters `max_workers`, `thread_name_prefix`, `initializer`,
 * `initargs` and `shared`, and `max_tasks_per_child` of `ProcessPoolExecutor`). An unknown option is a TypeError.
 *
 * @typeParam A the initializer's parameters
 * @example
 * await using executor = new InterpreterPoolExecutor({
 *   maxWorkers: 1,
 *   shared: { scale: 10 },
 *   initializer: (offset: number) => Object.assign(globalThis, { offset }),
 *   initargs: [2],
 * });
 * const scaled = (n: number): number => {
 *   const { scale, offset } = globalThis as unknown as { scale: number; offset: number };
 *   return n * scale + offset;
 * };
 * await executor.submit(scaled, 4); // 42
 */
export interface ExecutorOptions<A extends unknown[] = unknown[]> {
  /** The most interpreters at a time, from 1. Default: the number of processors. */
  maxWorkers?: number;
  /**
   * How many interpreters start with the pool and stay when idle (`idleTimeout`). Default: 0, each starts when a task
   * needs it. One that dies while idle is replaced when the next task is submitted.
   */
  minWorkers?: number;
  /**
   * Milliseconds after which idle interpreters are closed, except `minWorkers` of them. Default: no limit. Idleness is
   * checked once in that time, so an idle interpreter lives between one and two times as long. (Idle interpreters never
   * keep the process alive.)
   */
  idleTimeout?: number;
  /**
   * After that many tasks, an interpreter is closed and a new one takes its place. Default: no limit. No task is lost or
   * run twice by that, and the other interpreters go on while the new one boots. A call batch of `map` (`chunksize`)
   * counts as one task. (CPython: `ProcessPoolExecutor(max_tasks_per_child=…)`.)
   */
  maxTasksPerInterpreter?: number;
  /**
   * How many tasks an interpreter runs at a time, up to 65,536. Default: 1. Only functions that return a promise overlap:
   * while one awaits (a socket, a timer, another interpreter), the next begins. Use it for tasks that mostly wait;
   * tasks that compute need interpreters of their own. Another interpreter starts when all have as many tasks as they may.
   *
   * The end of an interpreter ends everything that runs in it. The task at fault (its time limit passed, its signal
   * aborted, it threw an uncaught exception or called `process.exit()`) fails with that reason. The others run again, up
   * to `retries`, or fail with the reason "terminated".
   */
  concurrency?: number;
  /** Prefix of the interpreters' names: `name-1`, `name-2`, … Default: "pool". */
  name?: string;
  /**
   * Runs in each interpreter before its first task, and is awaited. It travels as a task's function does. If it throws,
   * or its interpreter dies while it runs, the pool is broken: tasks in line and later ones fail with
   * `BrokenInterpreterPool`. The exception is the `cause` of that, and is printed once on stderr.
   */
  initializer?: (...args: A) => unknown;
  /** The initializer's arguments, copied when the pool is created. Default: none. */
  initargs?: A;
  /**
   * Values to bind as globals in each interpreter, before its initializer, as `prepareMain` does (CPython:
   * `InterpreterPoolExecutor(shared=…)`). They are copied when the pool is created; queues and interpreters are shared.
   */
  shared?: Readonly<Record<string, unknown>>;
  /**
   * How often a task is run again, in another interpreter, after the one that ran it died. Default: 0. Each run gets the
   * arguments as they were when the task was submitted, so a copy of them is kept until the task is done.
   */
  retries?: number;
  /** The configuration of each interpreter; see `create`. */
  config?: NonNullable<CreateOptions["config"]>;
  /** Limits of each interpreter's JavaScript engine; see `create`. */
  resourceLimits?: ResourceLimits;
  /** The language of the interpreters; see guests/README.md. Default: JavaScript. */
  language?: Language;
}

/** Options of tasks: `InterpreterPoolExecutor.with`. An unknown option is a TypeError. */
export interface SubmitOptions {
  /**
   * Milliseconds that the task may run (waiting in line does not count). Default: no limit. Then its interpreter is
   * stopped, and with it every other task that runs there (`concurrency`). The future rejects with an
   * `InterpreterDiedError` (`reason: "timeout"`).
   */
  timeout?: number;
  /**
   * Takes the task back while it waits in line: its future rejects with the signal's reason. Once the task runs, stops
   * its interpreter: its future rejects with an `InterpreterDiedError` (`reason: "aborted"`). `submit` throws the reason
   * of a signal that is aborted already.
   */
  signal?: AbortSignal;
  /** Buffers, MessagePorts, streams and FileHandles in the arguments to move instead of copy. They are detached here as soon as the task is in line. */
  transfer?: readonly Movable[];
  /**
   * Tasks of a higher priority begin first, tasks of the same priority in the order of their submission. Default: 0. No
   * task starves: of 32 tasks that a worker begins while tasks of lower priorities wait, one is of a lower priority, and
   * these take turns.
   */
  priority?: Priority;
}

/** How urgent a task is: the higher, the sooner. */
export type Priority = -2 | -1 | 0 | 1 | 2;

/** The most tasks at a time in one interpreter: their executions fill a megabyte of shared memory. */
const MOST_CONCURRENCY = 65_536;

const EXECUTOR_OPTIONS = [
  "maxWorkers",
  "minWorkers",
  "idleTimeout",
  "maxTasksPerInterpreter",
  "concurrency",
  "name",
  "initializer",
  "initargs",
  "shared",
  "retries",
  "config",
  "resourceLimits",
  "language",
];

/** @throws TypeError, RangeError a bad option */
export function checkExecutorOptions(options: object): ExecutorOptions {
  const what = "InterpreterPoolExecutor";
  checkOptions(what, options, EXECUTOR_OPTIONS);
  const checked: ExecutorOptions = options;
  const { maxWorkers, retries, name, config, resourceLimits, initializer, initargs, shared } = checked;
  if (maxWorkers !== undefined) checkCount(`${what}: maxWorkers`, maxWorkers, 1);
  const { minWorkers, idleTimeout, maxTasksPerInterpreter } = checked;
  if (minWorkers !== undefined) {
    checkCount(`${what}: minWorkers`, minWorkers, 0);
    const most = maxWorkers ?? processors();
    if (minWorkers > most) {
      throw new RangeError(`${what}: minWorkers must not exceed maxWorkers (${most}), found ${minWorkers}`);
    }
  }
  checkTimeout(idleTimeout, `${what}: idleTimeout`);
  if (maxTasksPerInterpreter !== undefined) {
    checkCount(`${what}: maxTasksPerInterpreter`, maxTasksPerInterpreter, 1);
  }
  const { concurrency } = checked;
  if (concurrency !== undefined) {
    checkCount(`${what}: concurrency`, concurrency, 1);
    if (concurrency > MOST_CONCURRENCY) {
      throw new RangeError(
        `${what}: concurrency must be at most ${MOST_CONCURRENCY}, found ${String(concurrency)}`,
      );
    }
  }
  if (retries !== undefined) checkCount(`${what}: retries`, retries, 0);
  checkCreateOptions({
    ...(name !== undefined && { name }),
    ...(config !== undefined && { config }),
    ...(resourceLimits && { resourceLimits }),
    ...(checked.language && { language: checked.language }),
  });
  // Another language may name functions by strings.
  if (initializer !== undefined && typeof initializer !== "function" && checked.language === undefined) {
    throw new TypeError(`${what}: initializer must be a function, found ${show(initializer)}`);
  }
  if (initargs !== undefined && !Array.isArray(initargs)) {
    throw new TypeError(`${what}: initargs must be an array, found ${show(initargs)}`);
  }
  if (initargs !== undefined && initializer === undefined) {
    throw new TypeError(`${what}: there are initargs, but no initializer to take them`);
  }
  if (shared !== undefined && (typeof shared !== "object" || shared === null || Array.isArray(shared))) {
    throw new TypeError(`${what}: shared must be an object of globals, found ${show(shared)}`);
  }
  return checked;
}

/** @throws TypeError, RangeError a bad option */
export function checkSubmitOptions(options: SubmitOptions): void {
  checkOptions("with", options, ["timeout", "signal", "transfer", "priority"]);
  const { timeout, signal, transfer, priority } = options;
  checkTimeout(timeout);
  checkSignal(signal);
  if (transfer !== undefined) checkTransfer(transfer);
  if (priority === undefined) return;
  checkCount("with: priority", priority, -HIGHEST_PRIORITY);
  if (priority > HIGHEST_PRIORITY) {
    throw new RangeError(`with: priority must be at most ${HIGHEST_PRIORITY}, found ${String(priority)}`);
  }
}
