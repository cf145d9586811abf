/**
 * The calling side: one interpreter for each worker's file.
 *
 * A time limit does not stop the worker: a call that takes too long throws, and the worker goes on and then serves the next one.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import type * as api from "interpreters" with { "resolution-mode": "import" };
import {
  DEFAULT_EXEC_ARGV,
  DEFAULT_GLOBAL_SHIMS,
  DEFAULT_GLOBAL_SHIMS_PRESET,
  DEFAULT_TIMEOUT,
  DEFAULT_TS_RUNNER,
} from "./constants";
import { isInstalled } from "./files";
import { _generateGlobals, generateGlobals } from "./global-shims";
import { TsRunner } from "./runners";
import { setupTsRunner, type WorkerFile } from "./ts-runner";
import type { AnyFn, GlobalShim, SynckitOptions } from "./types";
import type { Loading } from "./worker";

/** Loaded when the first worker is made, not with this package: a worker's file imports the package, too. */
const interpreters = (): typeof api => require("interpreters") as typeof api;

/** Of worker.ts, in one file (scripts/bundle-adapters.mjs). */
const workerModule = pathToFileURL(path.join(__dirname, "worker.interpreters.cjs"));

/** The functions of worker.ts, which run in the interpreter. */
const inWorker = (): typeof import("./worker") =>
  interpreters().fromModule<typeof import("./worker")>(workerModule);

/**
 * Starts a worker without a runner: the `import()` of a function that is sent erases types, provided that the function names such files. That of
 * a module does not.
 */
async function startErased(loading: Loading, module: string): Promise<void> {
  const { startBy } = (await import(module)) as typeof import("./worker");
  const typed = [".ts", ".mts", ".cts"].some((extension) => loading.file.endsWith(extension));
  await startBy(loading, typed ? (url) => import(url) : undefined);
}

/** The function that loads the worker's file. (Sending a function's text loads a parser first.) */
const starting = ({ erased }: Loading): typeof startErased => (erased ? startErased : inWorker().start);

/** Starts a worker. The function that it returns calls it, and blocks this thread until the result is there. */
export function startWorkerThread<T extends AnyFn, R = Awaited<ReturnType<T>>>(
  workerPath: string,
  {
    timeout = DEFAULT_TIMEOUT,
    execArgv = DEFAULT_EXEC_ARGV,
    tsRunner = DEFAULT_TS_RUNNER,
    globalShims = DEFAULT_GLOBAL_SHIMS,
  }: SynckitOptions = {},
): (...args: Parameters<T>) => R {
  const file = setupTsRunner(workerPath, { execArgv, tsRunner });
  checkRunner(file);
  const loading = loadingOf(file, shimsOf(globalShims));
  const call = caller(file, loading, timeout);
  return (...args) => call(args) as R;
}

type Call = (args: readonly unknown[]) => unknown;

function caller({ execArgv }: WorkerFile, loading: Loading, timeout: number | undefined): Call {
  const { create, InterpreterDiedError, InterpreterNotFoundError, ExecutionFailed } = interpreters();
  const { run } = inWorker();
  const start = starting(loading);
  const open = (): api.Interpreter => {
    const interp = create({ execArgv, name: path.basename(loading.file) });
    // If the interpreter dies while it starts, the first call says so.
    interp.call(start, loading, workerModule.href).catch(() => {});
    return interp;
  };
  let interp: api.Interpreter | undefined = open();
  /** Whether this interpreter has answered. */
  let answered = false;
  const callOnce: Call = (args) => {
    interp ??= open();
    try {
      const result: unknown = (timeout ? interp.with({ resultTimeout: timeout }) : interp).callSync(
        run,
        ...args,
      );
      answered = true;
      return result;
    } catch (error) {
      // The next call gets a new one.
      if (error instanceof InterpreterDiedError || error instanceof InterpreterNotFoundError)
        interp = undefined;
      throw error;
    }
  };
  return (args) => {
    try {
      try {
        return callOnce(args);
      } catch (error) {
        // It has died idle, so the call has not begun. One that dies in its start would do so again.
        if (!(error instanceof InterpreterNotFoundError) || !answered) throw error;
        answered = false;
        return callOnce(args);
      }
    } catch (error) {
      // A function's own error of that name comes as the cause of an ExecutionFailed.
      if (error instanceof DOMException && error.name === "TimeoutError")
        throw new Error("Internal error: Atomics.wait() failed: timed-out", { cause: error });
      throw error instanceof ExecutionFailed && "cause" in error ? error.cause : error;
    }
  };
}

/** Those that leave `.mts` and `.cts` alone; tsx is refused as synckit refuses it. */
const NOT_FOR_MTS: ReadonlySet<TsRunner> = new Set([
  TsRunner.EsbuildRegister,
  TsRunner.EsbuildRunner,
  TsRunner.TSX,
]);

/** Refuses a runner that cannot compile the file. */
function checkRunner({ ext, tsRunner, workerPath }: WorkerFile): void {
  if (!/\.[cm]ts$/.test(workerPath)) return;
  if (tsRunner !== undefined && NOT_FOR_MTS.has(tsRunner)) {
    throw new Error(
      `${tsRunner} is not supported for ${ext} files yet, you can try [oxc](https://github.com/oxc-project/oxc-node) ` +
        "or [swc](https://github.com/swc-project/swc-node/tree/master/packages/register) instead",
    );
  }
}

/** The shims to import: those that are installed. */
function shimsOf(globalShims: GlobalShim[] | boolean): GlobalShim[] {
  const all = globalShims === true ? DEFAULT_GLOBAL_SHIMS_PRESET : globalShims || [];
  return all.filter(({ moduleName }) => isInstalled(moduleName));
}

function loadingOf(
  { workerPath, isTs, jsUseEsm, tsUseEsm, tsRunner }: WorkerFile,
  globalShims: GlobalShim[],
): Loading {
  const erased = isTs && tsRunner === undefined;
  const commonJs = !erased && !jsUseEsm && !tsUseEsm;
  // Of `import 'file:…'`, the URL.
  const shims = commonJs
    ? _generateGlobals(globalShims, "require")
    : generateGlobals(workerPath, globalShims).slice("import '".length, -1);
  return { file: workerPath, commonJs, erased, shims };
}
