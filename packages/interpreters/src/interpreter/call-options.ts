/** The options of one operation in another interpreter, and their check. */
import { checkOptions, checkSignal, checkTimeout } from "../base/check.js";
import { checkTransfer } from "../transfer/transfer-list.js";

/** Options of one operation in another interpreter (`Interpreter.with`). An unknown option is a TypeError. */
export interface CallOptions {
  /**
   * Milliseconds that the operation may run; waiting in line does not count. When they have passed, the interpreter is terminated, and
   * the operation fails with an InterpreterDiedError (`reason: "timeout"`). Default: no limit.
   */
  timeout?: number;
  /**
   * Withdraws the operation while it waits in line: it rejects with the signal's reason. If the operation runs by then, the interpreter
   * is terminated, and the operation fails with an InterpreterDiedError (`reason: "aborted"`). Default: none.
   */
  signal?: AbortSignal;
  /** Buffers in the arguments to move instead of copy: they are detached here. See `move`. Default: none. */
  transfer?: readonly ArrayBuffer[];
}

/** Options of `exec`. An unknown option is a TypeError. */
export interface ExecOptions extends CallOptions {
  /** The script's name in stack traces. It need not name a file. Default: `<exec>`. */
  filename?: string;
  /**
   * Where `import` and `require` resolve from: the path of a directory, or the file URL of a module (with `import.meta.url` they
   * resolve as in the caller). Default: the working directory.
   */
  base?: string | URL;
}

export const CALL_OPTIONS: readonly string[] = ["timeout", "signal", "transfer"];
export const EXEC_OPTIONS: readonly string[] = [...CALL_OPTIONS, "filename", "base"];

/** Throws TypeError or RangeError for an option that is not `known` or has a bad value. */
export function checkCallOptions(what: string, options: CallOptions, known: readonly string[]): void {
  checkOptions(what, options, known);
  const { timeout, signal, transfer } = options;
  checkTimeout(timeout);
  checkSignal(signal);
  if (transfer !== undefined) checkTransfer(transfer);
}
