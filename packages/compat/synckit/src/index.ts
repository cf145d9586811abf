/**
 * The API of synckit 0.11, on interpreters.
 *
 *     // worker.mjs
 *     import { runAsWorker } from "@interpreters/synckit";
 *     runAsWorker(async (source) => format(source));
 *
 *     // program.mjs
 *     import { createSyncFn } from "@interpreters/synckit";
 *     const formatSync = createSyncFn(new URL("./worker.mjs", import.meta.url));
 *     formatSync("a+b"); // blocks until the worker has the result
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { registration } from "./registered";
import { startWorkerThread } from "./start";
import type { AnyFn, Syncify, SynckitOptions } from "./types";

export {
  compareNodeVersion,
  compareVersion,
  hasFlag,
  NODE_OPTIONS,
  NODE_VERSION,
  parseVersion,
} from "./common";
export * from "./constants";
export { isFile } from "./files";
export { _generateGlobals, dataUrl, encodeImportModule, generateGlobals, md5Hash } from "./global-shims";
export { extractProperties } from "./properties";
export { startWorkerThread } from "./start";
export { TsRunner } from "./runners";
export { overrideStdio } from "./stdio";
export { hasImportFlag, hasLoaderFlag, hasRequireFlag, setupTsRunner } from "./ts-runner";
export type * from "./types";

const functions = new Map<string, AnyFn>();

/**
 * A function that runs the worker's function and blocks this thread until its result is there. The same path gives the same function; the
 * options count the first time.
 *
 * @param workerPath an absolute path, or a URL with the scheme file
 * @param timeoutOrOptions milliseconds that a call may take, or options
 * @throws Error the path is not absolute, or no runner can load the file. The function throws what the worker's function threw;
 * InterpreterDiedError if the worker ended in the middle, after which the next call starts another; NotShareableError if an argument or the
 * result cannot travel
 */
export function createSyncFn<T extends AnyFn>(
  workerPath: URL | string,
  timeoutOrOptions?: SynckitOptions | number,
): Syncify<T> {
  const file =
    typeof workerPath !== "string" || workerPath.startsWith("file://")
      ? fileURLToPath(workerPath)
      : workerPath;
  let fn = functions.get(file);
  if (fn === undefined) {
    if (!path.isAbsolute(file)) throw new Error("`workerPath` must be absolute");
    const options = typeof timeoutOrOptions === "number" ? { timeout: timeoutOrOptions } : timeoutOrOptions;
    fn = startWorkerThread<T>(file, options);
    functions.set(file, fn);
  }
  return fn as Syncify<T>;
}

/** Makes `fn` the function of this worker. Does nothing in a thread that is no worker. */
export function runAsWorker<T extends AnyFn<Promise<R> | R>, R = ReturnType<T>>(fn: T): void {
  const worker = registration();
  if (worker !== undefined) worker.fn = fn;
}
