/**
 * A worker of a pool: one interpreter, with what programs use of a `Worker` (`threadId`, `ref`, `postMessage`, `terminate`, the events
 * `message` and `exit`).
 */
import { EventEmitter } from "node:events";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { MessageChannel, type MessagePort, SHARE_ENV, type TransferListItem } from "node:worker_threads";
import type * as api from "interpreters" with { "resolution-mode": "import" };
import { interpreters } from "./interpreters.cjs";
import { takePreloads } from "./preloads.cjs";
import type { Preloading, Start } from "./worker.cjs";

/** Where the interpreter comes from: options of a `Worker`. */
export interface ThreadOptions {
  readonly env?: NodeJS.ProcessEnv | typeof SHARE_ENV | undefined;
  readonly argv?: readonly unknown[] | undefined;
  readonly execArgv?: readonly string[] | undefined;
  readonly resourceLimits?: object | undefined;
  /** Tasks that it runs at the same time. */
  readonly concurrency: number;
  /** `workerData` of `node:worker_threads` there. */
  readonly workerData: unknown;
  /** Where its output goes. Default: to that of the process, at once. */
  readonly stdout?: api.CreateOptions["stdout"];
  readonly stderr?: api.CreateOptions["stderr"];
}

/** Of worker.cts, in one file (scripts/bundle-adapters.mjs). */
const workerModule = pathToFileURL(path.join(__dirname, "worker.interpreters.cjs"));
let inWorker: typeof import("./worker.cjs") | undefined;

/** The functions of worker.ts, which run in the interpreter. */
function remote(): typeof import("./worker.cjs") {
  inWorker ??= interpreters().fromModule<typeof import("./worker.cjs")>(workerModule);
  return inWorker;
}

const LIMITS = ["maxOldGenerationSizeMb", "maxYoungGenerationSizeMb", "codeRangeSizeMb", "stackSizeMb"];

/** Splits the worker's options of Node into those of its interpreter and those that the worker applies itself. */
function preloadingOf({ execArgv, workerData }: ThreadOptions): {
  execArgv: readonly string[] | undefined;
  preloading: Preloading | undefined;
} {
  if (execArgv === undefined || workerData === undefined) return { execArgv, preloading: undefined };
  const { rest, preloads } = takePreloads(execArgv);
  return { execArgv: rest, preloading: preloads && { preloads, execArgv } };
}

function createOptions(options: ThreadOptions, parentPort: MessagePort): api.CreateOptions {
  const { env, argv, execArgv, resourceLimits, concurrency, workerData, stdout, stderr } = options;
  const limits = Object.entries(resourceLimits ?? {}).filter(([key]) => LIMITS.includes(key));
  return {
    ...(env === SHARE_ENV ? { config: { shareEnv: true } } : { env }),
    argv: argv?.map(String),
    execArgv,
    concurrency: Math.floor(concurrency),
    workerData,
    parentPort,
    stdout,
    stderr,
    resourceLimits: limits.length > 0 ? (Object.fromEntries(limits) as api.ResourceLimits) : undefined,
  };
}

/** Milliseconds after which a thread that has not started is given up, by those that ask for its id. */
const LONGEST_START = 10_000;

/** How a thread ended. */
export type ThreadEnd = Awaited<api.Interpreter["ended"]>;

export class PoolThread extends EventEmitter {
  readonly interp: api.Interpreter;
  /** Resolves when the interpreter takes tasks; rejects if it never will. */
  readonly ready: Promise<void>;
  /** Resolves when the thread has ended, however that happened. Keeps no process alive. */
  readonly ended: Promise<ThreadEnd>;
  readonly #port: MessagePort;
  #threadId: number | undefined;
  #hasEnded = false;
  #hasClaims = false;
  #alive: NodeJS.Timeout | undefined;

  constructor(options: ThreadOptions, settings: Start) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const { execArgv, preloading } = preloadingOf(options);
    this.interp = interpreters().create(createOptions({ ...options, execArgv }, port2));
    port1.on("message", (message) => this.emit("message", message)).unref();
    this.ready =
      preloading === undefined
        ? this.interp.call(remote().start, settings)
        : this.interp.call(remote().start, settings, preloading);
    this.ready.catch(() => {});
    this.ended = this.interp.ended;
    void this.ended.then(({ exitCode }) => {
      this.#hasEnded = true;
      this.unref();
      this.emit("exit", exitCode ?? 1);
    });
  }

  /** Node's id of the thread. Blocks until the thread has started; negative if it never did. */
  get threadId(): number {
    return (this.#threadId ??= this.interp.threadId ?? this.#awaitThreadId());
  }

  /** A call would wait behind tasks that may wait for this thread. Starting a thread waits for none. */
  #awaitThreadId(): number {
    const nap = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; waited < LONGEST_START && this.isThere; waited++) {
      const { threadId } = this.interp;
      if (threadId !== undefined) return threadId;
      Atomics.wait(nap, 0, 0, 1);
    }
    return -this.interp.id;
  }

  /** Whether the thread has not ended. It is known at once, before the notice of its end comes. */
  get isThere(): boolean {
    try {
      this.interp.isRunning();
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Gives the worker the claims of its pool, the first time. It must have them before a task that has one, and needs them for no other: they would
   * only delay its first task.
   */
  shareClaims(words: Int32Array): void {
    if (this.#hasClaims) return;
    this.#hasClaims = true;
    this.interp.call(remote().shareClaims, words).catch(() => {});
  }

  /** Runs a task: `filename` is undefined for the one that the worker loaded at its start. */
  runTask(
    filename: string | undefined,
    name: string,
    task: unknown,
    transfer: readonly unknown[] | undefined,
    claim: number,
  ): Promise<unknown> {
    let to: api.InterpreterView;
    try {
      to = this.#moving(transfer);
    } catch (error) {
      return Promise.reject(error);
    }
    const { run, runFirst } = remote();
    return filename === undefined
      ? to.call(runFirst, task, claim)
      : to.call(run, filename, name, task, claim);
  }

  /** As `runTask`, and measures the worker's heap after the task. */
  runMeasured(
    filename: string,
    name: string,
    task: unknown,
    transfer: readonly unknown[],
  ): Promise<{ result: unknown; usedMemory: number }> {
    return this.#moving(transfer).call(remote().runMeasured, filename, name, task);
  }

  #moving(transfer: readonly unknown[] | undefined): api.InterpreterView {
    return transfer === undefined || transfer.length === 0
      ? this.interp
      : this.interp.with({ transfer: transfer as readonly api.Movable[] });
  }

  /** Sends a message to the `parentPort` of the thread. */
  postMessage(value: unknown, transferList?: readonly TransferListItem[]): void {
    this.#port.postMessage(value, transferList);
  }

  /** Keeps the process alive until the thread has ended. */
  ref(): void {
    if (!this.#hasEnded) this.#alive ??= setInterval(() => {}, 2 ** 30);
  }

  unref(): void {
    clearInterval(this.#alive);
    this.#alive = undefined;
  }

  /** Stops the thread, whatever it does. Resolves when it has ended. */
  async terminate(): Promise<number> {
    this.#port.close();
    await this.interp.terminate().catch(() => {});
    return 1;
  }
}
