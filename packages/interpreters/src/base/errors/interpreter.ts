/** The errors about interpreters, and the base class of those about what runs there. */
import { brand } from "../brand.js";

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
 * | `ERR_INTERPRETER_ISOLATION` | the page is not isolated from other origins, and has no shared memory |
 * | `ERR_BLOCKING_NOT_ALLOWED` | the thread of a window must not block |
 * | `ERR_INTERPRETER_LANGUAGE` | this thread does not know the interpreter's guest language |
 * | `ERR_INTERPRETER_LIMIT` | as many interpreters exist as there can be |
 * | `ERR_INTERPRETER_MEMORY` | the shared memory is full, or cannot be reserved |
 * | `ERR_INTERPRETER_NOT_ALLOWED` | the interpreter's `config` forbids the operation |
 * | `ERR_INTERPRETER_PROTOCOL` | two versions of this package that cannot work together are in one process |
 * | `ERR_INTERPRETER_RUNNING` | it cannot be closed while it has work, without `wait` |
 * | `ERR_INTERPRETER_STDIN` | the interpreter reads `process.stdin`, and was created without `stdin`, or the stream's thread has ended |
 * | `ERR_INTERPRETER_TRACE` | a trace cannot be written |
 * | `ERR_INTERPRETER_UNSUPPORTED` | this runtime cannot do it |
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
