/** The options of pools and tasks. They are checked where the user gives them, so that a mistake is an error there. */
import type { Language } from "../guests/language.js";
import { processors } from "../platform/processors.js";
import {
  checkConcurrency,
  checkCount,
  checkOptions,
  checkSignal,
  checkTimeout,
  noOptions,
  ownOptions,
  show,
} from "../base/check.js";
import { checkTransfer, type Movable } from "../transfer/transfer-list.js";
import { HIGHEST_PRIORITY } from "../kernel/lanes.js";
import { checkBuffersize } from "../interpreter/iteration-feed.js";
import { checkCreateOptions, type CreateOptions, type ResourceLimits } from "../interpreter/options.js";

/**
 * Options of `InterpreterPoolExecutor` (CPython: its parameters `max_workers`, `thread_name_prefix`, `initializer`,
 * `initargs` and `shared`, and `max_tasks_per_child` of `ProcessPoolExecutor`). An unknown option is a TypeError.
 *
 * @typeParam A the initializer's parameters
 * @example
 * declare global {
 *   var scale: number, offset: number;
 * }
 * await using executor = new InterpreterPoolExecutor({
 *   maxWorkers: 1,
 *   shared: { scale: 10 },
 *   initializer: (offset: number) => Object.assign(globalThis, { offset }),
 *   initargs: [2],
 *   idleTimeout: 10_000,
 *   maxTasksPerInterpreter: 1000,
 * });
 * await executor.submit((n: number) => n * scale + offset, 4); // 42
 */
export interface ExecutorOptions<A extends unknown[] = unknown[]> {
  /** The most interpreters at a time, from 1. Default: the number of processors. */
  maxWorkers?: number | undefined;
  /**
   * How many interpreters start with the pool and stay when idle (`idleTimeout`). Default: 0, each starts when a task
   * needs it. One that dies is replaced at once, except that interpreters that die by themselves, without a task and within 10
   * seconds of their start, are replaced after a wait: 1 second after the second such death in a row, then twice as long each time,
   * up to 30 seconds. A task does not wait for that.
   */
  minWorkers?: number | undefined;
  /**
   * Milliseconds after which idle interpreters are closed, except `minWorkers` of them. Default: no limit. Idleness is
   * checked once in that time, so an idle interpreter lives between one and two times as long. (Idle interpreters never
   * keep the process alive.)
   */
  idleTimeout?: number | undefined;
  /**
   * After that many tasks, an interpreter is closed and a new one takes its place. Default: no limit. No task is lost or
   * run twice by that, and the other interpreters go on while the new one boots. A call batch of `map` (`chunksize`)
   * counts as one task. (CPython: `ProcessPoolExecutor(max_tasks_per_child=…)`.)
   */
  maxTasksPerInterpreter?: number | undefined;
  /**
   * How many tasks an interpreter runs at a time, up to 65,536. Default: 1. Only functions that return a promise overlap:
   * while one awaits (a socket, a timer, another interpreter), the next begins. Use it for tasks that mostly wait;
   * tasks that compute need interpreters of their own. Another interpreter starts when all have as many tasks as they may.
   *
   * The end of an interpreter ends everything that runs in it. The task at fault (its time limit passed, its signal
   * aborted, it threw an uncaught exception or called `process.exit()`) fails for that. The others run again, up to
   * `retries`, or fail with an `InterpreterDiedError`, whose message says that other work ended the interpreter.
   */
  concurrency?: number | undefined;
  /**
   * How many tasks may wait for an interpreter. Default: no limit. With a limit, the pool holds at most `maxWorkers` times
   * `concurrency`, plus `maxQueue`, tasks that are not done. The future of a task beyond that rejects with `QueueFull`; `room()`
   * waits until there is room. `map` waits by itself. From 0.
   */
  maxQueue?: number | undefined;
  /** Prefix of the interpreters' names: `name-1`, `name-2`, … Default: "pool". */
  name?: string | undefined;
  /**
   * Runs in each interpreter before its first task, and is awaited. It travels as a task's function does. If it throws,
   * or its interpreter dies while it runs, the pool is broken: tasks in line and later ones fail with
   * `BrokenInterpreterPool`. The exception is the `cause` of that, and is printed once on stderr.
   */
  initializer?: ((...args: A) => unknown) | undefined;
  /** The initializer's arguments, copied when the pool is created. Default: none. */
  initargs?: A | undefined;
  /**
   * Values to bind as globals in each interpreter, before its initializer, as `prepareMain` does (CPython:
   * `InterpreterPoolExecutor(shared=…)`). They are copied when the pool is created; queues and interpreters are shared.
   */
  shared?: Readonly<Record<string, unknown>> | undefined;
  /**
   * How often a task is run again, in another interpreter, after the one that ran it died. Default: 0. Each run gets the
   * arguments as they were when the task was submitted, so a copy of them is kept until the task is done.
   */
  retries?: number | undefined;
  /**
   * Milliseconds that `shutdown` and `shutdownSync` without a `timeout`, `await using` and `using` wait for the tasks and the
   * interpreters. Then all interpreters are stopped, as by `terminateWorkers`. Default: no limit, so a task that hangs keeps
   * the block, and an exception that left it, from its end.
   */
  shutdownTimeout?: number | undefined;
  /** The configuration of each interpreter; see `create`. */
  config?: CreateOptions["config"];
  /** Limits of each interpreter's JavaScript engine; see `create`. */
  resourceLimits?: ResourceLimits | undefined;
  /**
   * The environment variables of each interpreter, copied when the pool is created. Default: a copy of this one's when the
   * interpreter starts.
   */
  env?: CreateOptions["env"];
  /** Appended to each interpreter's `process.argv`; see `create`. */
  argv?: readonly string[] | undefined;
  /** Node options of each interpreter; see `create`. Default: the process's own. */
  execArgv?: readonly string[] | undefined;
  /**
   * Where each interpreter's `process.stdout` goes; see `create`. A sink gets the text of all of them: what a task wrote comes
   * before the task's result, and all of it before `shutdown()` resolves.
   */
  stdout?: CreateOptions["stdout"];
  /** The same for `process.stderr`. */
  stderr?: CreateOptions["stderr"];
  /** The language of the interpreters; see guests/README.md. Default: JavaScript. */
  language?: Language | undefined;
}

/**
 * The compiler demands this of the options, too: an initializer that needs arguments comes with `initargs`.
 *
 * @typeParam A the initializer's parameters
 */
export type Initargs<A extends unknown[]> = [] extends A ? unknown : { initargs: A };

/** Options of tasks: `InterpreterPoolExecutor.with`. An unknown option is a TypeError. */
export interface SubmitOptions {
  /**
   * Milliseconds that the task may run (waiting in line does not count). Default: no limit. Then its interpreter is
   * stopped, and with it every other task that runs there (`concurrency`). The future rejects with a `DOMException` named
   * `TimeoutError`, whose `cause` is an `InterpreterDiedError` (`reason: "timeout"`). Such a task is never run again.
   */
  timeout?: number | undefined;
  /**
   * Milliseconds that the task may wait in line. Default: no limit. Then it is taken back: its future rejects with a
   * `DOMException` named `TimeoutError`. A task that is run again (`retries`) has waited enough.
   */
  waitTimeout?: number | undefined;
  /**
   * Takes the task back while it waits in line, and stops its interpreter once it runs. The future rejects with the
   * signal's reason in every case, also if the signal is aborted already. Such a task counts as cancelled, and is never run
   * again.
   */
  signal?: AbortSignal | undefined;
  /**
   * Buffers, MessagePorts, streams, FileHandles and others (`Movable`) in the arguments to move instead of copy. They are detached here as soon as the
   * task is in line.
   */
  transfer?: readonly Movable[] | undefined;
  /**
   * Tasks of a higher priority begin first, tasks of the same priority in the order of their submission. Default: 0. No
   * task starves: of 32 tasks that a worker begins while tasks of lower priorities wait, one is of a lower priority, and
   * these take turns.
   */
  priority?: Priority | undefined;
}

/**
 * Options of tasks that report their progress (`InterpreterPoolExecutor.with`).
 *
 * @typeParam P what they report
 */
export interface ProgressOptions<P> extends SubmitOptions {
  /**
   * Called with each value that the task reports: its function gets one more argument, after those of `submit`, to report with
   * (`Report`). Never called after the task has its outcome. An exception in it is reported as an uncaught exception, and changes nothing of
   * the task. It runs in the asynchronous context of `submit`.
   *
   * At most 16 reports wait for this thread. While it has as many to look at, only the latest of the further ones is kept: a task never
   * waits for its listener, and its last report always arrives.
   */
  onProgress: (value: P) => void;
}

/** A task reports its progress with it. The value is copied, so it must be shareable. After the task's outcome it does nothing. */
export type Report<P> = (value: P) => void;

/** Options of `InterpreterPoolExecutor.with`. An unknown option is a TypeError. */
export interface IterateTaskOptions extends SubmitOptions {
  /** Of `iterate`: how many items the generator may be ahead of the loop; see `IterateOptions`. Default: 128. */
  buffersize?: number | undefined;
}

/** How urgent a task is: the higher, the sooner. */
export type Priority = -2 | -1 | 0 | 1 | 2;

/** The options that are passed on to `create` for each worker. */
const CREATE_OPTIONS = [
  "config",
  "resourceLimits",
  "env",
  "argv",
  "execArgv",
  "stdout",
  "stderr",
  "language",
] as const;

const EXECUTOR_OPTIONS: readonly string[] = [
  "maxWorkers",
  "minWorkers",
  "idleTimeout",
  "maxTasksPerInterpreter",
  "concurrency",
  "maxQueue",
  "name",
  "initializer",
  "initargs",
  "shared",
  "retries",
  "shutdownTimeout",
  ...CREATE_OPTIONS,
];

/** @throws TypeError, RangeError a bad option */
export function checkExecutorOptions(options: object): ExecutorOptions {
  const what = "InterpreterPoolExecutor";
  checkOptions(what, options, EXECUTOR_OPTIONS);
  const checked: ExecutorOptions = ownOptions(options);
  const { maxWorkers, retries, name, initializer, initargs, shared } = checked;
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
  checkTimeout(checked.shutdownTimeout, `${what}: shutdownTimeout`);
  if (maxTasksPerInterpreter !== undefined) {
    checkCount(`${what}: maxTasksPerInterpreter`, maxTasksPerInterpreter, 1);
  }
  const { concurrency, maxQueue } = checked;
  if (maxQueue !== undefined && maxQueue !== Infinity) checkCount(`${what}: maxQueue`, maxQueue, 0);
  if (concurrency !== undefined) checkConcurrency(what, concurrency);
  if (retries !== undefined) checkCount(`${what}: retries`, retries, 0);
  checkCreateOptions({ ...(name !== undefined && { name }), ...createOptionsOf(checked) });
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

/** The options for `create` of each worker, except `name`. Copied: later changes reach no worker. */
export function createOptionsOf(options: ExecutorOptions): CreateOptions {
  const given = CREATE_OPTIONS.flatMap((option) => {
    const value = options[option];
    return value === undefined ? [] : [[option, copyOfOption(option, value)]];
  });
  return Object.fromEntries(given) as CreateOptions;
}

/** Sinks and languages are objects of the user with methods. The others are lists and records. */
function copyOfOption(option: (typeof CREATE_OPTIONS)[number], value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (option === "stdout" || option === "stderr" || option === "language") return value;
  return Array.isArray(value) ? [...(value as unknown[])] : { ...value };
}

const TASK_OPTIONS = ["timeout", "waitTimeout", "signal", "transfer", "priority", "buffersize", "onProgress"];

/** The options of a task that has none. */
export const NO_OPTIONS: SubmitOptions = noOptions(TASK_OPTIONS);

/** @throws TypeError, RangeError a bad option */
export function checkSubmitOptions(
  given: IterateTaskOptions & Partial<ProgressOptions<never>>,
): IterateTaskOptions & Partial<ProgressOptions<never>> {
  const options = ownOptions(given);
  checkOptions("with", options, TASK_OPTIONS);
  checkBuffersize(options.buffersize);
  const { onProgress } = options;
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw new TypeError(`with: onProgress must be a function, found ${show(onProgress)}`);
  const { timeout, waitTimeout, signal, transfer, priority } = options;
  checkTimeout(timeout);
  checkTimeout(waitTimeout);
  checkSignal(signal);
  if (transfer !== undefined) checkTransfer(transfer);
  if (priority === undefined) return options;
  checkCount("with: priority", priority, -HIGHEST_PRIORITY);
  if (priority > HIGHEST_PRIORITY) {
    throw new RangeError(`with: priority must be at most ${HIGHEST_PRIORITY}, found ${String(priority)}`);
  }
  return options;
}

/**
 * Options of `shutdown` and `shutdownSync`. An unknown option is a TypeError.
 *
 * @example
 * const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * const futures = [1, 2, 3].map((n) => executor.submit((n: number) => n * 2, n));
 * await executor.shutdown({ cancelFutures: true, timeout: 5000 });
 * console.log(futures.every((future) => future.done())); // true
 */
export interface ShutdownOptions {
  /** Whether to wait until all tasks are done and all interpreters are gone. Default: true. */
  wait?: boolean | undefined;
  /** Whether to cancel the tasks that wait in line. Default: false. */
  cancelFutures?: boolean | undefined;
  /**
   * Milliseconds after which all interpreters are stopped, as by `terminateWorkers`, also if `wait` is false. Default: the
   * executor's `shutdownTimeout`.
   */
  timeout?: number | undefined;
}

/** @throws TypeError, RangeError a bad option */
export function checkShutdownOptions(what: string, given: ShutdownOptions): ShutdownOptions {
  checkOptions(what, given, ["wait", "cancelFutures", "timeout"]);
  const options = ownOptions(given);
  const { wait, cancelFutures, timeout } = options;
  for (const [name, value] of Object.entries({ wait, cancelFutures })) {
    if (value !== undefined && typeof value !== "boolean") {
      throw new TypeError(`${what}: ${name} must be a boolean, found ${show(value)}`);
    }
  }
  checkTimeout(timeout, `${what}: timeout`);
  return options;
}

/** Options of `room` and `roomSync`. An unknown option is a TypeError. */
export interface RoomOptions {
  /** The most milliseconds to wait. Default: no limit. */
  timeout?: number | undefined;
  /**
   * Ends the wait, which then rejects with the signal's reason. `roomSync` throws the reason of a signal that has aborted
   * already; no signal can abort while the thread is blocked.
   */
  signal?: AbortSignal | undefined;
}

/** Returns the time limit. @throws TypeError, RangeError a bad option; the signal's reason if it has aborted */
export function checkRoomOptions(what: string, options: RoomOptions): number {
  checkOptions(what, options, ["timeout", "signal"]);
  const { timeout, signal } = ownOptions(options);
  checkSignal(signal);
  const limit = checkTimeout(timeout);
  signal?.throwIfAborted();
  return limit;
}
