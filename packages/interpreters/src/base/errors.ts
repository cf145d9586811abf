/** Every error class of the package, each with a stable `code` and its brand (brand.ts). */

import { brand } from "./brand.js";
import { callerFrames, stackOf } from "./stacks.js";

/**
 * Why an interpreter ended before an operation on it was done:
 *
 * - `"terminated"`: by `terminate()` or `close()`, or because of another task of its pool that ran there (`concurrency`)
 * - `"timeout"`: an operation ran longer than its `timeout`
 * - `"aborted"`: the `signal` of a running operation aborted
 * - `"exit"`: it called `process.exit()`, or its thread ended by itself
 * - `"out-of-memory"`: it reached its `resourceLimits`
 * - `"uncaught-exception"`: no handler caught an exception there
 * - `"boot"`: it could not be started. Errors never have this reason: they are InterpreterErrors (`ERR_INTERPRETER_BOOT`).
 */
export type DeathReason =
  | "terminated"
  | "timeout"
  | "aborted"
  | "exit"
  | "out-of-memory"
  | "uncaught-exception"
  | "boot";

/**
 * Base class of the errors about interpreters (CPython: `concurrent.interpreters.InterpreterError`). It is also thrown itself,
 * with one of these codes:
 *
 * | `code` | meaning |
 * | --- | --- |
 * | `ERR_INTERPRETER_BOOT` | the interpreter could not be started; `cause` is the reason |
 * | `ERR_INTERPRETER_CLOSING` | it is closing and takes no new work |
 * | `ERR_INTERPRETER_CURRENT` | an interpreter cannot send work to itself, or close itself |
 * | `ERR_INTERPRETER_DEADLOCK` | blocking would never end: interpreters would wait for each other |
 * | `ERR_INTERPRETER_DIED` | an object that was moved here did not arrive, because its sender died or it was closed |
 * | `ERR_INTERPRETER_FILES` | files of this package are missing, because a bundler took it apart |
 * | `ERR_INTERPRETER_FOREIGN` | `create()` did not make the interpreter, so it takes no work |
 * | `ERR_INTERPRETER_INSPECT` | the process cannot let `interpreters top` look at it |
 * | `ERR_INTERPRETER_LANGUAGE` | this thread does not know the interpreter's guest language |
 * | `ERR_INTERPRETER_LIMIT` | as many interpreters exist as there can be |
 * | `ERR_INTERPRETER_MEMORY` | the shared memory is full, or cannot be reserved |
 * | `ERR_INTERPRETER_NOT_ALLOWED` | the interpreter's `config` forbids the operation |
 * | `ERR_INTERPRETER_PROTOCOL` | two versions of this package that cannot work together are in one process |
 * | `ERR_INTERPRETER_RUNNING` | it cannot be closed while it has work, without `wait` |
 * | `ERR_INTERPRETER_TRACE` | a trace cannot be written |
 * | `ERR_CALLBACK_ENDED` | the callback was ended, or given back by this interpreter |
 * | `ERR_NOT_HELD` | this interpreter does not hold what it would release |
 * | `ERR_EXECUTOR_SHUTDOWN` | the pool was shut down and takes no new tasks |
 * | `ERR_OBJECT_ENDED` | the object in another interpreter was ended |
 * | `ERR_GROUP_ENDED` | the task group has ended and takes no new tasks |
 * | `ERR_MALFORMED_VALUE` | the bytes of a value that arrived here are damaged, or too deeply nested to be read here |
 * | `ERR_INTERPRETER` | anything else |
 *
 * @example
 * await using interp = create();
 * const call = interp.call(() => 1);
 * const error = await interp.close().catch((reason) => reason);
 * console.log(error.code); // ERR_INTERPRETER_RUNNING
 * await call;
 */
export class InterpreterError extends Error {
  /** Names the kind of error; it never changes, whereas messages may. */
  readonly code: string;
  /**
   * Of an error that `putMany` or `putManySync` threw: how many items, the first ones, were put before it. Undefined if none
   * was. Not enumerable.
   */
  declare readonly put?: number;
  /**
   * Of an error that `getMany` or `getManySync` threw because an item could not be read: the other items, in order, which were
   * taken out of the queue with it. Undefined if that was the only item. Not enumerable.
   */
  declare readonly items?: readonly unknown[];
  constructor(message: string, options?: ErrorOptions & { code?: string | undefined }) {
    super(message, options);
    this.code = options?.code ?? "ERR_INTERPRETER";
  }
}
brand(InterpreterError, "InterpreterError");

/**
 * No interpreter has that id: there never was one, or it has ended (CPython: `InterpreterNotFoundError`). Code:
 * `ERR_INTERPRETER_NOT_FOUND`.
 *
 * @example
 * const interp = create();
 * await interp.close();
 * const error = await interp.call(() => 1).catch((reason) => reason);
 * console.log(error instanceof InterpreterNotFoundError); // true
 */
export class InterpreterNotFoundError extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_INTERPRETER_NOT_FOUND" });
  }
}
brand(InterpreterNotFoundError, "InterpreterNotFoundError");

/**
 * The interpreter died before it had finished the operation: while it ran it, or while the operation waited there. Code:
 * `ERR_INTERPRETER_DIED`. `cause` is the error that killed the interpreter, if an error did. CPython has no counterpart, as its
 * interpreters do not die by themselves.
 *
 * @example
 * const error = await create().call(() => process.exit(3)).catch((reason) => reason);
 * console.log(error.name, error.reason, error.exitCode); // InterpreterDiedError exit 3
 */
export class InterpreterDiedError extends InterpreterError {
  /** The id of the interpreter that died. */
  readonly interpreterId: number;
  /** Why it died. */
  readonly reason: DeathReason;
  /** The exit code of its thread. Undefined if the thread was stopped from outside and so has none of its own. */
  readonly exitCode: number | undefined;
  constructor(
    message: string,
    details: { interpreterId: number; reason: DeathReason; exitCode?: number | undefined },
    options?: ErrorOptions,
  ) {
    super(message, { ...options, code: "ERR_INTERPRETER_DIED" });
    this.interpreterId = details.interpreterId;
    this.reason = details.reason;
    this.exitCode = details.exitCode;
  }
}
brand(InterpreterDiedError, "InterpreterDiedError");

/**
 * A barrier is broken: one of its parties died or gave up waiting, or `abort` or `reset` ended the wait (CPython:
 * `threading.BrokenBarrierError`). Code: `ERR_BARRIER_BROKEN`.
 *
 * @example
 * const barrier = new Barrier(2);
 * const waiting = barrier.wait().catch((reason) => reason);
 * barrier.abort();
 * const error = await waiting;
 * console.log(error instanceof BrokenBarrierError); // true
 */
export class BrokenBarrierError extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_BARRIER_BROKEN" });
  }
}
brand(BrokenBarrierError, "BrokenBarrierError");

/** A description of an exception that left an interpreter (CPython: `_interpreters.excinfo`). */
export interface ExceptionInfo {
  /** `name` is the name of the error's class, or the `typeof` of a thrown value that is not an error. */
  readonly type: { readonly name: string };
  /** The error's message, or the thrown value as text. */
  readonly message: string;
  /** `name: message`; one line unless the message has several. */
  readonly formatted: string;
  /** The text that Node would have printed for the uncaught exception in that interpreter: stack, causes, own properties. */
  readonly errdisplay: string;
}

const inspectCustom = Symbol.for("nodejs.util.inspect.custom");

/**
 * Code in another interpreter threw an exception that it did not catch (PEP 734 and CPython: `ExecutionFailed`). Code:
 * `ERR_EXECUTION_FAILED`. `exec`, `call` and their blocking forms throw it; a task's future rejects with the exception itself,
 * and `ExecutionFailed.of` finds this error there. `cause` is a copy of what was thrown. `stack` shows `excinfo.errdisplay`,
 * followed by the place of the call.
 *
 * @example
 * await using interp = create();
 * const error = await interp.exec("throw new RangeError('too far')").catch((reason) => reason);
 * console.log(error instanceof ExecutionFailed); // true
 * console.log(error.excinfo.formatted); // RangeError: too far
 */
export class ExecutionFailed extends InterpreterError {
  /** The description of the exception. Not enumerable. */
  readonly excinfo!: ExceptionInfo;
  /** The id of the interpreter that the exception left. Not enumerable. */
  readonly interpreterId!: number;

  /**
   * Finds the ExecutionFailed that belongs to an error: the error itself, or the ExecutionFailed that hangs off the exception of a
   * pool's task (`TaskError.executionFailed`). Never throws.
   *
   * @param error any value, such as the one that a `catch` clause got
   * @returns undefined if no exception of code in another interpreter made the error
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const error = await executor.submit(() => JSON.parse("{")).exception();
   * console.log(ExecutionFailed.of(error)?.excinfo.type.name); // SyntaxError
   */
  static of(error: unknown): ExecutionFailed | undefined {
    if (error instanceof ExecutionFailed) return error;
    try {
      const { executionFailed } = Object(error) as { executionFailed?: unknown };
      return executionFailed instanceof ExecutionFailed ? executionFailed : undefined;
    } catch {
      // A getter or a proxy's trap threw.
      return undefined;
    }
  }

  constructor(interpreterId: number, excinfo: ExceptionInfo, cause: unknown) {
    super(excinfo.formatted, { cause, code: "ERR_EXECUTION_FAILED" });
    // Not enumerable: the stack below already shows all of it once.
    Object.defineProperties(this, {
      excinfo: { value: excinfo, enumerable: false },
      interpreterId: { value: interpreterId, enumerable: false },
    });
    this.useCallerFrames(stackOf(this));
  }

  /** @internal Makes `stack` of the display, followed by the frames of user code in the given stack, which is the caller's. */
  useCallerFrames(stack: unknown): void {
    const frames = callerFrames(stack);
    const display = this.excinfo.errdisplay.trimEnd();
    const value =
      `${this.name}: ${this.excinfo.formatted}\n\nUncaught in interpreter ${this.interpreterId}:\n` +
      display.replace(/^/gm, "    ") +
      (frames === "" ? "" : `\n\nCalled from:\n${frames}`);
    Object.defineProperty(this, "stack", { value, writable: true, configurable: true });
  }

  [inspectCustom](): string {
    return this.stack ?? this.message;
  }
}
brand(ExecutionFailed, "ExecutionFailed");

/**
 * A native addon cannot be loaded in this interpreter: its `config` does not allow addons, the addon is not context-aware, or
 * the main interpreter, which must load it first, failed to (`cause` is why) or was busy for `addonTimeout`. Code:
 * `ERR_ADDON_IMPORT`. (CPython: the `ImportError` for a module that does not support loading in subinterpreters.)
 *
 * @example
 * await using interp = create({ config: { allowAddons: false } });
 * const error = await interp.exec("process.dlopen({ exports: {} }, 'some.node')").catch((reason) => reason);
 * console.log(error.cause instanceof AddonImportError); // true
 */
export class AddonImportError extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_ADDON_IMPORT" });
  }
}
brand(AddonImportError, "AddonImportError");

/**
 * The pool can run no more tasks: its initializer threw or ended its interpreter, an interpreter could not be set up or started,
 * or the last one died and none can be started. Tasks in line reject with it and `submit` throws it; `cause` is the reason.
 * Code: `ERR_BROKEN_INTERPRETER_POOL`. (CPython: `concurrent.futures.interpreter.BrokenInterpreterPool`.)
 *
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1, initializer: () => import("node:dns") });
 * try {
 *   await executor.submit(() => 1);
 * } catch (error) {
 *   if (error instanceof BrokenInterpreterPool) console.error("Make another pool; this one failed because of", error.cause);
 * }
 */
export class BrokenInterpreterPool extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_BROKEN_INTERPRETER_POOL" });
  }
}
brand(BrokenInterpreterPool, "BrokenInterpreterPool");

/**
 * The future was cancelled before its task ran; `result()` and `exception()` throw it. Code: `ERR_CANCELLED`. (CPython:
 * `concurrent.futures.CancelledError`.)
 *
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * const first = executor.submit(() => new Promise((resolve) => setTimeout(resolve, 100)));
 * const second = executor.submit(() => 2);
 * console.log(second.cancel()); // true
 * const error = await second.catch((reason) => reason);
 * console.log(error instanceof CancelledError); // true
 * await first;
 */
export class CancelledError extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_CANCELLED" });
  }
}
brand(CancelledError, "CancelledError");

/**
 * A value or a function cannot be sent to another interpreter, or a value that was sent here belongs to another guest language.
 * The message names the path to the culprit. If it is thrown while sending, nothing was sent. (CPython: `NotShareableError`.)
 *
 * @example
 * const value = { points: [{ x: 1, draw() {} }] };
 * const error = await createQueue<unknown>().put(value).catch((reason) => reason);
 * console.log(error instanceof NotShareableError); // true
 * console.log(error.message); // Cannot copy to another interpreter: value.points[0].draw is a function…
 */
export class NotShareableError extends TypeError {
  /** Names the kind of error; it never changes, whereas messages may. */
  readonly code = "ERR_NOT_SHAREABLE";
  /**
   * Of an error that `getMany` or `getManySync` threw because an item could not be read: the other items, in order, which were
   * taken out of the queue with it. Undefined if that was the only item. Not enumerable.
   */
  declare readonly items?: readonly unknown[];
}
brand(NotShareableError, "NotShareableError");

/**
 * Base class of the errors about queues (CPython: `concurrent.interpreters.QueueError`). Code of the class itself: `ERR_QUEUE`.
 *
 * @example
 * const queue = createQueue<number>();
 * queue.close();
 * const error = await queue.get().catch((reason) => reason);
 * console.log(error instanceof QueueError, error.code); // true ERR_QUEUE_NOT_FOUND
 */
export class QueueError extends Error {
  /** Names the kind of error; it never changes, whereas messages may. */
  readonly code: string;
  /**
   * Of an error that `putMany` or `putManySync` threw: how many items, the first ones, were put before it. Undefined if none
   * was. Not enumerable.
   */
  declare readonly put?: number;
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super(message, options);
    this.code = options?.code ?? "ERR_QUEUE";
  }
}
brand(QueueError, "QueueError");

/**
 * The queue had no item, now or within `timeout` (PEP 734 and CPython: `QueueEmpty`). Code: `ERR_QUEUE_EMPTY`.
 *
 * @example
 * const error = await createQueue().get({ timeout: 10 }).catch((reason) => reason);
 * console.log(error instanceof QueueEmpty); // true
 */
export class QueueEmpty extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_EMPTY" });
  }
}
brand(QueueEmpty, "QueueEmpty");

/**
 * The queue had no room, now or within `timeout` (PEP 734 and CPython: `QueueFull`). Code: `ERR_QUEUE_FULL`.
 *
 * @example
 * const queue = createQueue<number>(2);
 * const error = await queue.putMany([1, 2, 3], { timeout: 10 }).catch((reason) => reason);
 * console.log(error instanceof QueueFull, error.put); // true 2
 */
export class QueueFull extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_FULL" });
  }
}
brand(QueueFull, "QueueFull");

/**
 * The queue was shut down: it takes no more items, and gives items only until it is empty (CPython: `queue.ShutDown`). Code:
 * `ERR_QUEUE_SHUT_DOWN`.
 *
 * @example
 * const queue = createQueue<number>();
 * queue.shutdown();
 * const error = await queue.put(1).catch((reason) => reason);
 * console.log(error instanceof QueueShutDown); // true
 */
export class QueueShutDown extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_SHUT_DOWN" });
  }
}
brand(QueueShutDown, "QueueShutDown");

/**
 * No queue has that id: there never was one, it was closed, or it lost its last handle (CPython: `QueueNotFoundError`). Code:
 * `ERR_QUEUE_NOT_FOUND`.
 *
 * @example
 * const queue = createQueue<number>();
 * queue.close();
 * const error = await queue.put(1).catch((reason) => reason);
 * console.log(error instanceof QueueNotFoundError); // true
 */
export class QueueNotFoundError extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_NOT_FOUND" });
  }
}
brand(QueueNotFoundError, "QueueNotFoundError");

/**
 * The interpreter that put the item was destroyed, and the item was put with `UNBOUND_ERROR`. The item is out of the queue. Code:
 * `ERR_ITEM_INTERPRETER_DESTROYED`. (CPython: `ItemInterpreterDestroyed`.)
 *
 * @example
 * const queue = createQueue<number>(0, { unboundItems: UNBOUND_ERROR });
 * const interp = create();
 * await interp.call((q) => q.putNowait(1), queue);
 * await interp.close();
 * const error = await queue.get().catch((reason) => reason);
 * console.log(error instanceof ItemInterpreterDestroyed); // true
 */
export class ItemInterpreterDestroyed extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_ITEM_INTERPRETER_DESTROYED" });
  }
}
brand(ItemInterpreterDestroyed, "ItemInterpreterDestroyed");
