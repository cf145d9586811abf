/** The kinds of workers: interpreters and processes. To a handler, both are a `Worker`. */
import type * as childProcess from "node:child_process";
import path from "node:path";
import type * as workerThreads from "node:worker_threads";
import { InterpreterWorker } from "./interpreter-worker";
import type { ToWorker } from "./messages";
import type { WorkerArg, WorkerPoolOptions } from "./types";
import { FORK_OPTIONS, validateOptions, WORKER_THREAD_OPTIONS } from "./validate-options";

/** The members of a worker that a handler uses. */
export interface Worker {
  on(event: string, listener: (...args: never[]) => void): unknown;
  emit(event: string, ...args: unknown[]): boolean;
  send(message: ToWorker, transfer?: readonly object[]): unknown;
  /** Stops it at once. */
  kill(): unknown;
  disconnect(): unknown;
  /** Whether it takes tasks. */
  ready?: boolean;
  isWorkerThread?: true;
  isChildProcess?: true;
  /** Of an interpreter. */
  readonly isThere?: boolean;
  readonly pid?: number | undefined;
  readonly spawnargs?: readonly string[];
  readonly spawnfile?: string;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
}

export interface HandlerOptions extends Omit<WorkerArg, "script"> {
  workerType?: WorkerPoolOptions["workerType"];
  emitStdStreams?: boolean | undefined;
  debugPort?: number | undefined;
  workerTerminateTimeout?: number | undefined;
}

export const defaultScript = path.join(__dirname, "default-process.js");

/** Node's module of threads, which every Node that this package runs on has. */
export const tryRequireWorkerThreads = (): typeof workerThreads =>
  require("node:worker_threads") as typeof workerThreads;

/**
 * Starts a worker.
 *
 * @param script its file; undefined for one that only runs functions
 * @throws Error the type is "web", or an option is unknown
 */
export function startWorker(script: string | undefined, options: HandlerOptions): Worker {
  const { workerType } = options;
  if (workerType === "web") throw new Error("WorkerPool: Web Workers not supported");
  if (workerType === "process" || workerType === undefined) {
    return startProcess(
      script ?? defaultScript,
      forkOptionsOf(options),
      require("node:child_process") as typeof childProcess,
    );
  }
  return startInterpreter(script, { Worker: InterpreterWorker }, options);
}

interface ThreadLike {
  postMessage(message: unknown, transfer?: readonly object[]): void;
  terminate(): unknown;
}
type ThreadClass = new (script: string | undefined, options: workerThreads.WorkerOptions) => ThreadLike;

/** Starts a worker of type "thread" or "auto". `Worker` has the interface of Node's. */
export function startInterpreter(
  script: string | undefined,
  { Worker }: { Worker: ThreadClass },
  options: HandlerOptions = {},
): Worker {
  const { workerThreadOpts, emitStdStreams = false } = options;
  validateOptions(workerThreadOpts, WORKER_THREAD_OPTIONS, "workerThreadOpts");
  const thread = new Worker(script, { stdout: emitStdStreams, stderr: emitStdStreams, ...workerThreadOpts });
  return Object.assign(thread as ThreadLike & Pick<Worker, "emit" | "on">, {
    isWorkerThread: true as const,
    send(message: ToWorker, transfer?: readonly object[]) {
      thread.postMessage(message, transfer);
    },
    kill() {
      thread.terminate();
      return true;
    },
    disconnect() {
      thread.terminate();
    },
  });
}

/** The options of a child process. It is debugged if this process is, and has the same limit of memory. */
function forkOptionsOf(options: HandlerOptions): HandlerOptions {
  const inspected = process.execArgv.some((flag) => flag.startsWith("--inspect"));
  const flags = process.execArgv.filter((flag) => flag.includes("--max-old-space-size"));
  if (inspected) flags.push(`--inspect=${options.debugPort}`);
  const { forkOpts, emitStdStreams } = options;
  return {
    ...options,
    forkOpts: {
      ...forkOpts,
      execArgv: [...(forkOpts?.execArgv ?? []), ...flags],
      stdio: emitStdStreams ? "pipe" : undefined,
    },
  };
}

/** Starts a worker of type "process". */
export function startProcess(
  script: string,
  { forkArgs, forkOpts, emitStdStreams }: HandlerOptions,
  { fork }: Pick<typeof childProcess, "fork">,
): Worker {
  validateOptions(forkOpts, FORK_OPTIONS, "forkOpts");
  const child = fork(script, forkArgs as string[] | undefined, forkOpts);
  const { send } = child;
  if (emitStdStreams) {
    child.stdout?.on("data", (data) => child.emit("stdout", data));
    child.stderr?.on("data", (data) => child.emit("stderr", data));
  }
  return Object.assign(child, {
    isChildProcess: true as const,
    // A process moves nothing. It may be gone already, which its "exit" reports.
    send: (message: ToWorker) => send.call(child, message, undefined, undefined, () => {}),
  });
}
