/**
 * A task's failure as its submitter sees it.
 *
 * Making one reads properties of errors and formats stacks, which may call hooks of the user: `Error.prepareStackTrace`,
 * getters on `Error.prototype`, `Error[Symbol.hasInstance]`. A hook that throws must not keep the outcome from the future, nor
 * from the next ones. So every such step is an `attempt`, and the failure lacks at most what that step would have added.
 */
import { reportError } from "../base/report.js";
import {
  BrokenInterpreterPool,
  type ExceptionInfo,
  ExecutionFailed,
  InterpreterDiedError,
  InterpreterError,
  NotShareableError,
} from "../base/errors.js";
import { timeoutError } from "../base/limits.js";
import { REPLY_FAILURE } from "../wire/protocol.js";
import { type Death, diedError } from "../thread/death.js";
import { type Trace, useTrace } from "../thread/trace.js";
import { callerFrames, hideOwnFrames, isError, stackOf } from "../base/stacks.js";

/**
 * An error that a task threw, as its future rejects with it: a copy of the original exception, of its own class if that
 * is a builtin one, with an `ExecutionFailed` that has the full display. (CPython hangs an `ExecutionFailed` off the
 * exception that `Future.result()` raises, as its `__cause__`.)
 *
 * Any `Error` is a `TaskError`, so no cast is needed to read the field:
 *
 *     executor.submit(task).catch((error: TaskError) => console.error(error.executionFailed?.excinfo.errdisplay));
 *
 *     if (error instanceof Error) {
 *       const { executionFailed }: TaskError = error;
 *     }
 */
export interface TaskError extends Error {
  /**
   * The exception as it left the interpreter: `excinfo.errdisplay` is what Node would have printed there, and `cause`
   * is this error. Absent if the task itself did not throw: its interpreter died, it was cancelled, or its result cannot
   * travel. Not enumerable.
   */
  readonly executionFailed?: ExecutionFailed;
  /**
   * The index of the item, in the source of `map` or `starmap`, whose call failed, or that could not travel. If a call batch was
   * lost with its interpreter, that of its first item. Absent for errors that are not about an item. Not enumerable.
   */
  readonly itemIndex?: number;
}

/** The items of a `map` that an error is about. */
export interface ItemRange {
  /** The name of the method. */
  readonly what: string;
  /** The index of the first item. */
  readonly first: number;
  readonly size: number;
}

// As they were when this was loaded: a program may replace them.
const { Error: NativeError } = globalThis;
const { prepareStackTrace: loadedHook } = NativeError;

/** Calls `step` and returns its result. If it throws, that is reported as an uncaught exception, and there is no result. */
export function attempt<T>(step: () => T): T | undefined {
  try {
    return withLoadedHook(step);
  } catch (error) {
    reportError(error);
    return undefined;
  }
}

/** Stacks that are formatted in `step` are formatted as they were when this was loaded. */
function withLoadedHook<T>(step: () => T): T {
  const hook = NativeError.prepareStackTrace;
  if (hook === loadedHook) return step();
  NativeError.prepareStackTrace = loadedHook;
  try {
    return step();
  } finally {
    NativeError.prepareStackTrace = hook;
  }
}

/** The error that a reply of `status` (not REPLY_VALUE) and `value` stands for. */
export function failureOf(
  status: number,
  value: unknown,
  interpreter: number,
  trace: Trace | undefined,
): unknown {
  if (status === REPLY_FAILURE) {
    const [excinfo, thrown] = value as [ExceptionInfo, unknown];
    return original(interpreter, excinfo, thrown, trace);
  }
  useSubmitter(value, trace);
  return value;
}

/** The error of a task whose interpreter died. */
export function deathOf(death: Death, trace: Trace | undefined): Error {
  const error =
    attempt(() => diedError(death, "finish a task")) ??
    new InterpreterDiedError(`Cannot finish a task: interpreter ${death.id} ended`, {
      interpreterId: death.id,
      reason: death.reason === "closed" ? "terminated" : death.reason,
      exitCode: death.exitCode,
    });
  useSubmitter(error, trace);
  return error;
}

/** The error of a task that ran longer than its time limit of `limit` milliseconds. */
export function limitPassed(limit: number | undefined, death: Death, trace: Trace | undefined): Error {
  const error = timeoutError(`Cannot finish a task: it ran longer than ${limit} ms`, deathOf(death, trace));
  useSubmitter(error, trace);
  return error;
}

/** The error of a task that waited in line for longer than its limit of `limit` milliseconds. */
export function waitLimitPassed(limit: number | undefined, trace: Trace | undefined): Error {
  const error = timeoutError(`Cannot begin a task: it waited in line for ${limit} ms`);
  useSubmitter(error, trace);
  return error;
}

/** Gives an error that was made for a task, and not by it, the stack of the place where the task was submitted. */
export function useSubmitter(error: unknown, trace: Trace | undefined): void {
  if (isError(error)) attempt(() => useTrace(error, trace));
}

/** The exception that the task threw, as itself. If it is an error, it becomes a TaskError. */
function original(
  interpreter: number,
  excinfo: ExceptionInfo,
  thrown: unknown,
  trace: Trace | undefined,
): unknown {
  if (!isError(thrown)) return thrown;
  attempt(() => hideOwnFrames(thrown));
  attempt(() => {
    const failure = new ExecutionFailed(interpreter, excinfo, thrown);
    failure.useCallerFrames(stackOf(trace));
    attach(thrown, failure);
  });
  appendFrames(thrown, trace);
  return thrown;
}

/** Hangs the full display off an error. Not enumerable: `util.inspect` would show everything twice. */
function attach(error: TaskError, executionFailed: ExecutionFailed): void {
  const property: keyof TaskError = "executionFailed";
  Object.defineProperty(error, property, { value: executionFailed, configurable: true });
}

/** Continues the error's stack at the place where the task was submitted. */
function appendFrames(error: Error, trace: Trace | undefined): void {
  attempt(() => {
    const frames = callerFrames(stackOf(trace));
    if (frames === "") return;
    const value = `${stackOf(error) ?? `${error.name}: ${error.message}`}\n    ${SUBMITTED}\n${frames}`;
    Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
  });
}

const SUBMITTED = "--- submitted ---";

/**
 * Names the items that an error is about: in its field `itemIndex`, and in its text. An exception of the task stays itself, so
 * only its stack says so, where it continues at the submit. A message of this package begins with it.
 */
export function nameItems(error: unknown, { what, first, size }: ItemRange): void {
  // All tasks of a broken pool fail with one error.
  if (!isError(error) || error instanceof BrokenInterpreterPool) return;
  attempt(() => {
    const items = size === 1 ? `item ${first}` : `items ${first} to ${first + size - 1}`;
    redefine(error, "itemIndex", first);
    const { stack } = error;
    const own = !Object.hasOwn(error, "executionFailed");
    if (own && (error instanceof InterpreterError || error instanceof NotShareableError)) {
      const message = `${what}: ${items}: ${error.message}`;
      if (typeof stack === "string")
        redefine(
          error,
          "stack",
          stack.replace(error.message, () => message),
        );
      redefine(error, "message", message);
    } else if (typeof stack === "string" && stack.includes(SUBMITTED)) {
      redefine(error, "stack", stack.replace(SUBMITTED, `--- submitted: ${items} of ${what} ---`));
    }
  });
}

/** Not enumerable. An error of the user that cannot be changed stays as it is. */
function redefine(error: Error, key: string, value: unknown): void {
  Reflect.defineProperty(error, key, { value, writable: true, configurable: true });
}

/** Whether an error of sending an item is one of the pool, which would refuse the next item, too. */
export function isOfPool(error: unknown): boolean {
  return error instanceof InterpreterError && OF_POOL.includes(error.code);
}
const OF_POOL: readonly string[] = [
  "ERR_EXECUTOR_SHUTDOWN",
  "ERR_BROKEN_INTERPRETER_POOL",
  "ERR_INTERPRETER_LIMIT",
  "ERR_INTERPRETER_MEMORY",
];
