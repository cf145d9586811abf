/** The options of pools and tasks, checked where they are given. */
import { processors } from "../platform/processors.js";
import { checkCount, checkOptions, checkSignal, checkTimeout, show } from "../base/check.js";
import { checkTransfer } from "../transfer/transfer-list.js";
import { HIGHEST_PRIORITY } from "../kernel/lanes.js";
import { checkCreateOptions, type CreateOptions, type ResourceLimits } from "../interpreter/options.js";

/** @typeParam A the initializer's parameters */
export interface ExecutorOptions<A extends unknown[] = unknown[]> {
  /** Most interpreters at a time; default: the number of processors. */
  maxWorkers?: number;
  /**
   * Interpreters that are started with the pool, and that `idleTimeout` does not end; default 0: each is started when a
   * task needs it. One that dies while it has nothing to do is replaced when the next task comes.
   */
  minWorkers?: number;
  /**
   * Milliseconds after which interpreters that have nothing to do are ended, but for `minWorkers`; default: never. It is
   * counted by turns: one lives between once and twice as long. (An idle interpreter keeps no process alive.)
   */
  idleTimeout?: number;
  /**
   * After so many tasks an interpreter is ended and a new one takes its place; default: never. No task is lost by that,
   * or run twice; a chunk of `map` counts as one task. While the new one boots, the others go on.
   * (CPython: `ProcessPoolExecutor(max_tasks_per_child=…)`.)
   */
  maxTasksPerInterpreter?: number;
  /**
   * How many tasks an interpreter runs at a time; default 1. Only functions that return a promise can be several: while
   * one waits (for a socket, a timer, another interpreter), the next is begun. So it is for tasks that mostly wait;
   * those that compute need interpreters of their own. One more interpreter is started when all have as many as they may.
   *
   * What ends an interpreter ends all that runs there. The task that is to blame (its time limit, its signal, an exception
   * that nobody catches, `process.exit()`) is told why; the others are run again, up to `retries`, or fail with the
   * reason "terminated".
   */
  concurrency?: number;
  /** Prefix of the interpreters' names. */
  name?: string;
  /**
   * Runs in each interpreter before its first task, and is awaited. What can travel as a task can be one. If it throws,
   * or its interpreter dies while it runs, the pool is broken: tasks in line and later ones fail with
   * `BrokenInterpreterPool`, whose cause is what it threw, which is also printed, once, on stderr.
   */
  initializer?: (...args: A) => unknown;
  /** Its arguments, copied when the pool is made. */
  initargs?: A;
  /**
   * Values to bind as globals in each interpreter, before its initializer, as `prepareMain` does (CPython:
   * `InterpreterPoolExecutor(shared=…)`). Copied when the pool is made; queues and interpreters are shared.
   */
  shared?: Readonly<Record<string, unknown>>;
  /**
   * How often a task is run again, on another interpreter, when the one that ran it died; default 0. It is given the
   * arguments that it was submitted with, whatever became of them here, for which a copy of them is kept.
   */
  retries?: number;
  /** Of each interpreter; see `create`. */
  config?: NonNullable<CreateOptions["config"]>;
  /** Of each interpreter; see `create`. */
  resourceLimits?: ResourceLimits;
}

export interface SubmitOptions {
  /**
   * Milliseconds that the task may run (waiting in line does not count); then its interpreter is stopped, and with it
   * what else runs there (`concurrency`).
   */
  timeout?: number;
  /** Takes the task back while it waits in line; once it runs, stops its interpreter. */
  signal?: AbortSignal;
  /**
   * Buffers among the arguments to move instead of copy: they are detached here once the task is in line.
   */
  transfer?: readonly ArrayBuffer[];
  /**
   * Tasks of higher priority are begun first, those of one priority in the order they were submitted; default 0. None
   * waits for ever: of 32 tasks that a worker begins while others of lower priority wait, one is of a lower priority,
   * of each in turn.
   */
  priority?: Priority;
}

/** How urgent a task is. */
export type Priority = -2 | -1 | 0 | 1 | 2;

/** Most tasks at a time in one interpreter: so many are recorded in a megabyte of shared memory. */
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
];

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
  });
  if (initializer !== undefined && typeof initializer !== "function") {
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
