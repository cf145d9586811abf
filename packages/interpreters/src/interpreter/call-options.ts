/** The options of one operation in another interpreter, and their check. */
import { checkOptions, checkRef, checkSignal, checkTimeout, noOptions, show } from "../base/check.js";
import { checkBuffersize } from "./iteration-feed.js";
import { checkTransfer, type Movable } from "../transfer/transfer-list.js";

/**
 * Options of one operation in another interpreter (`Interpreter.with`). An unknown option is a TypeError.
 *
 * @example
 * const interp = create();
 * const late = interp.with({ resultTimeout: 20 }).call(() => new Promise((resolve) => setTimeout(resolve, 100, 1)));
 * console.log(await late.catch((error) => error.name)); // TimeoutError
 * // It goes on for ever, and the process ends all the same.
 * interp.with({ ref: false }).call(() => new Promise(() => {})).catch(() => {});
 */
export interface CallOptions {
  /**
   * Milliseconds that the operation may run; waiting in line does not count. When they have passed, the operation rejects with a
   * `TimeoutError` DOMException, whose `cause` is the InterpreterDiedError (`reason: "timeout"`), and its interpreter is terminated: there
   * is no other way to stop JavaScript. Default: no limit.
   */
  timeout?: number | undefined;
  /**
   * Milliseconds that the operation may wait in line, also that of a blocking call. When they have passed before it began, it is withdrawn
   * and rejects with a `TimeoutError` DOMException; its interpreter goes on. Default: no limit.
   */
  waitTimeout?: number | undefined;
  /**
   * Withdraws the operation while it waits in line, and terminates its interpreter if it runs by then. Either way it rejects with the
   * signal's reason. A blocking form throws the reason of a signal that is aborted already. Default: none.
   */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds that this thread waits for the result, from the moment when it asks. When they have passed, the operation rejects with a `TimeoutError`
   * DOMException and has no other outcome here. If it has not begun, it is withdrawn; else it goes on, and its interpreter does further work when it is done. Not for
   * `iterate` and `construct`. Default: no limit.
   */
  resultTimeout?: number | undefined;
  /**
   * Whether the operation keeps the process alive while it is pending, as a referenced timer does. An option, because all code of a thread shares one
   * handle. Blocking forms do in any case. Default: true.
   */
  ref?: boolean | undefined;
  /** Buffers, MessagePorts, streams, FileHandles and others (`Movable`) in the arguments to move instead of copy: they are detached here. See `move`. Default: none. */
  transfer?: readonly Movable[] | undefined;
}

/** Options of `Interpreter.with`. An unknown option is a TypeError. */
export interface IterateOptions extends CallOptions {
  /**
   * Of `iterate`: how many items the generator may be ahead of the loop, from 1. Then it waits at its next `yield`, and its interpreter does
   * other work meanwhile. Infinity means no limit. Default: 128. Each is kept as a copy, so make it small where items are large.
   *
   * Its `timeout` does not count the time that the generator waits for the loop.
   */
  buffersize?: number | undefined;
}

/**
 * Options of `exec`. An unknown option is a TypeError.
 *
 * @example
 * await using interp = create();
 * await interp.exec("let total = 0; for (let n = 1; n <= 10; n++) total += n;", { filename: "sum.js", breakOnSigint: true });
 * await interp.exec("console.log(total)"); // prints 55
 */
export interface ExecOptions extends CallOptions {
  /** The script's name in stack traces. It need not name a file. Default: `<exec>`. */
  filename?: string | undefined;
  /**
   * Where `import` and `require` resolve from: the path of a directory, or the file URL of a module (with `import.meta.url` they
   * resolve as in the caller). Default: the working directory.
   */
  base?: string | URL | undefined;
  /**
   * Whether a prompt can stop the script without ending its interpreter, whose variables then stay. Synchronous code ends when the
   * process gets SIGINT, as with the option of this name in `node:vm`, which also says what becomes of handlers of SIGINT meanwhile.
   * An operation that the script awaits goes on, but the script ends when the interpreter's `process` emits "SIGINT". Either way the
   * `cause` of the ExecutionFailed has the code `ERR_SCRIPT_EXECUTION_INTERRUPTED`. Code that runs after the first `await` can only
   * be stopped with the interpreter. Default: false.
   */
  breakOnSigint?: boolean | undefined;
}

const CALL_OPTIONS: readonly string[] = [
  "timeout",
  "waitTimeout",
  "resultTimeout",
  "signal",
  "ref",
  "transfer",
];
const ITERATE_OPTIONS: readonly string[] = [...CALL_OPTIONS, "buffersize"];
const EXEC_OPTIONS: readonly string[] = [...CALL_OPTIONS, "filename", "base", "breakOnSigint"];

/** No options. It inherits none either. */
export const NO_OPTIONS: CallOptions = noOptions(CALL_OPTIONS);

/** Throws TypeError or RangeError for an option that is not `known` or has a bad value. */
export function checkCallOptions(what: string, options: CallOptions, known = CALL_OPTIONS): void {
  checkOptions(what, options, known);
  const { timeout, waitTimeout, resultTimeout, signal, ref, transfer } = options;
  checkTimeout(timeout);
  checkTimeout(waitTimeout, "waitTimeout");
  checkTimeout(resultTimeout, "resultTimeout");
  checkRef(what, ref);
  checkSignal(signal);
  if (transfer !== undefined) checkTransfer(transfer);
}

/** As `checkCallOptions`, for `with`. */
export function checkIterateOptions(what: string, options: IterateOptions): void {
  checkCallOptions(what, options, ITERATE_OPTIONS);
  checkBuffersize(options.buffersize);
}

/** Throws TypeError or RangeError for a bad option of `exec`. The language checks `filename` and `base`. */
export function checkExecOptions(options: ExecOptions): void {
  checkCallOptions("exec", options, EXEC_OPTIONS);
  const { breakOnSigint } = options;
  if (breakOnSigint !== undefined && typeof breakOnSigint !== "boolean") {
    throw new TypeError(`exec: breakOnSigint must be a boolean, found ${show(breakOnSigint)}`);
  }
}

/** @throws TypeError there is a limit for the result, which the operation does not have */
export function checkNoResultTimeout(what: string, { resultTimeout }: CallOptions): void {
  if (resultTimeout === undefined || resultTimeout === Infinity) return;
  throw new TypeError(
    `${what}: resultTimeout is for call and exec. Use timeout, waitTimeout or signal here.`,
  );
}
