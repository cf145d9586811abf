/**
 * A worker of a pool: one interpreter, with what programs use of a `Worker` (`threadId`, `ref`, `postMessage`, `terminate`, the events
 * `message`, `error` and `exit`).
 */
import { EventEmitter } from "node:events";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { MessageChannel, type MessagePort, SHARE_ENV, type TransferListItem } from "node:worker_threads";
import type * as api from "interpreters" with { "resolution-mode": "import" };
import { interpreters } from "./interpreters";
import type { Start } from "./worker";

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
}

const workerModule = pathToFileURL(path.join(__dirname, "worker.js"));
let inWorker: typeof import("./worker") | undefined;

/** The functions of worker.ts, which run in the interpreter. */
function remote(): typeof import("./worker") {
  inWorker ??= interpreters().fromModule<typeof import("./worker")>(workerModule);
  return inWorker;
}

const LIMITS = ["maxOldGenerationSizeMb", "maxYoungGenerationSizeMb", "codeRangeSizeMb", "stackSizeMb"];

function createOptions(options: ThreadOptions, parentPort: MessagePort): api.CreateOptions {
  const { env, argv, execArgv, resourceLimits, concurrency, workerData } = options;
  const limits = Object.entries(resourceLimits ?? {}).filter(([key]) => LIMITS.includes(key));
  return {
    ...(env === SHARE_ENV ? { config: { shareEnv: true } } : { env: env as api.CreateOptions["env"] }),
    argv: argv?.map(String),
    execArgv,
    concurrency: Math.floor(concurrency),
    workerData,
    parentPort,
    resourceLimits: limits.length > 0 ? (Object.fromEntries(limits) as api.ResourceLimits) : undefined,
  };
}

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
  #alive: NodeJS.Timeout | undefined;

  constructor(options: ThreadOptions, settings: Start) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.interp = interpreters().create(createOptions(options, port2));
    port1.on("message", (message) => this.emit("message", message)).unref();
    this.ready = this.interp.call(remote().start, settings);
    this.ready.catch(() => {});
    this.ended = this.interp.ended;
    void this.ended.then(({ exitCode }) => {
      this.#hasEnded = true;
      this.unref();
      this.emit("exit", exitCode ?? 1);
    });
  }

  /** Node's id of the thread. While it boots, a negative number that no other has. */
  get threadId(): number {
    return (this.#threadId ??= this.interp.threadId) ?? -this.interp.id;
  }

  /** Runs a task: `filename` is undefined for the one that the worker loaded at its start. */
  run(
    filename: string | undefined,
    name: string,
    task: unknown,
    transfer: readonly unknown[] | undefined,
    claim: number,
  ): Promise<unknown> {
    const to =
      transfer === undefined || transfer.length === 0
        ? this.interp
        : this.interp.with({ transfer: transfer as readonly api.Movable[] });
    const { run, runFirst } = remote();
    return filename === undefined ? to.call(runFirst, task, claim) : to.call(run, filename, name, task, claim);
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
