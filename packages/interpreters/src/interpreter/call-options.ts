/** The options of one operation in another interpreter, and their checks. */
import { checkOptions, checkSignal, checkTimeout } from "../base/check.js";
import { checkTransfer } from "../transfer/transfer-list.js";

/** Options of one operation in another interpreter. */
export interface CallOptions {
  /**
   * How long the operation may run, in milliseconds; waiting in line does not count. Then the interpreter is terminated.
   * Default: no limit.
   */
  timeout?: number;
  /** Withdraws the operation while it waits in line. Once it runs, the interpreter is terminated. */
  signal?: AbortSignal;
  /** Buffers among the arguments that are moved instead of copied: they are detached here. Default: none. */
  transfer?: readonly ArrayBuffer[];
}

/** Options of `exec`. */
export interface ExecOptions extends CallOptions {
  /** The script's name in stack traces. It need not name a file. Default: `<exec>`. */
  filename?: string;
  /**
   * Where `import` and `require` resolve from: the path of a directory, or a file URL, which is taken as that of a module
   * (so `import.meta.url` resolves as in the caller). Default: the working directory.
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
