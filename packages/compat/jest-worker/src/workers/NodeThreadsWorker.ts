/** A worker that is an interpreter. */
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";
import type * as api from "interpreters" with { "resolution-mode": "import" };
import {
  CHILD_MESSAGE_CALL,
  CHILD_MESSAGE_CALL_SETUP,
  CHILD_MESSAGE_END,
  type ChildMessage,
  type WorkerOptions,
  WorkerStates,
} from "../types";
import { isDataCloneError } from "./isDataCloneError";
import { unpackMessage } from "./safeMessageTransferring";
import type * as threadChild from "./threadChild";
import WorkerAbstract from "./WorkerAbstract";

/** Loaded with the first worker, not with this package: a worker's module may import the package, too. */
const interpreters = (): typeof api => require("interpreters") as typeof api;

type Control = (what: keyof threadChild.Control) => Promise<unknown>;

/** One interpreter of a worker. After it has died, the worker makes another. */
interface Life {
  readonly interp: api.Interpreter;
  readonly child: api.ModuleFunctions<typeof threadChild>;
  readonly control: Promise<Control>;
  running: boolean;
}

/** Turns `forkOptions`, which jest-worker passes to `new Worker`, into options of `create`. */
function createOptions({
  forkOptions,
  resourceLimits,
  workerId,
  workerData,
}: WorkerOptions): api.CreateOptions {
  const { env, execArgv } = forkOptions ?? {};
  const { argv, name } = (forkOptions ?? {}) as { argv?: unknown[]; name?: string };
  return {
    argv: argv?.map(String),
    // Workers count from 1.
    env: { ...(env ?? process.env), JEST_WORKER_ID: String(workerId + 1) },
    execArgv,
    name: name?.slice(0, 80),
    resourceLimits,
    workerData,
  };
}

/** Whether an operation failed because its interpreter has ended. */
function isDeath(error: unknown): boolean {
  const { InterpreterDiedError, InterpreterNotFoundError } = interpreters();
  return error instanceof InterpreterDiedError || error instanceof InterpreterNotFoundError;
}

export default class ExperimentalWorker extends WorkerAbstract {
  private readonly _stdout = new PassThrough();
  private readonly _stderr = new PassThrough();
  private _life!: Life;
  /** Why interpreters of this worker died. */
  #lastError: unknown;

  constructor(options: WorkerOptions) {
    super(options);
    if (options.silent === false) {
      this._stdout.setEncoding("utf8").on("data", console.log);
      this._stderr.setEncoding("utf8").on("data", console.error);
    }
    this.initialize();
  }

  protected override _start(): void {
    const { workerPath, setupArgs, workerId, childWorkerPath } = this._options;
    const { create, callback, fromModule } = interpreters();
    // What the interpreter can call, and its end, must not keep a worker alive that the program has dropped.
    const self = new WeakRef(this);
    const interp = create({
      ...createOptions(this._options),
      stdout: { write: (text) => void self.deref()?._stdout.write(text) },
      stderr: { write: (text) => void self.deref()?._stderr.write(text) },
    });
    const report = callback((message: unknown) => {
      const worker = self.deref();
      if (worker?._life.interp === interp) worker._custom(unpackMessage(message));
    });
    const child = fromModule<typeof threadChild>(
      pathToFileURL(childWorkerPath ?? require.resolve("./threadChild")),
    );
    const id = String(workerId + 1);
    const control = interp.call(child.start, workerPath, setupArgs ?? [], id, report) as Promise<Control>;
    control.catch(() => {});
    this._life = { interp, child, control, running: true };
    void interp.ended.then((end) => {
      const worker = self.deref();
      if (worker?._life.interp === interp) worker._ended(end);
    });
  }

  private _ended({ reason, exitCode, error }: api.InterpreterEnd): void {
    this._life.running = false;
    this.#lastError = error;
    const { SHUTTING_DOWN, SHUT_DOWN, RESTARTING } = WorkerStates;
    if (reason === "out-of-memory" && this.state !== RESTARTING) this.state = WorkerStates.OUT_OF_MEMORY;
    const code = exitCode ?? (reason === "closed" ? 0 : 1);
    const again = code !== 0 && this.state !== SHUTTING_DOWN && this.state !== SHUT_DOWN;
    this._exited(again, () => {
      return new Error(
        "A Jest worker thread exited unexpectedly before finishing tests for an unknown reason. One of the ways this can happen is if process.exit() was called in testing code.",
      );
    });
  }

  protected override _retriesExceeded(): Error {
    const cause = this.#lastError;
    return new Error("Call retries were exceeded", cause === undefined ? undefined : { cause });
  }

  protected override _post(request: ChildMessage): void {
    const { interp, child } = this._life;
    switch (request[0]) {
      case CHILD_MESSAGE_CALL: {
        const [, , method, args] = request;
        void this.#settle(interp.call(child.call, method, args));
        break;
      }
      case CHILD_MESSAGE_CALL_SETUP:
        void this.#settle(interp.call(child.setup));
        break;
      case CHILD_MESSAGE_END:
        void this.#close();
        break;
      default:
    }
  }

  /** Ends the request with the outcome of a call, unless the interpreter has died: its end is reported by itself. */
  async #settle(outcome: Promise<unknown>): Promise<void> {
    const { interp, child } = this._life;
    let result: unknown;
    let thrown: unknown = null;
    try {
      result = await outcome;
    } catch (error) {
      if (isDeath(error)) return;
      const { ExecutionFailed } = interpreters();
      thrown = error instanceof ExecutionFailed && "cause" in error ? error.cause : error;
      if (isDataCloneError(error) && /result/.test((error as Error).message)) {
        try {
          result = unpackMessage(await interp.call(child.packLastResult));
          thrown = null;
        } catch {
          // It cannot be sent without its functions, either.
        }
      }
    }
    if (this._life.interp === interp) this._finish(thrown, thrown === null ? result : null);
  }

  /** Runs the module's `teardown` at once, and ends the interpreter when its calls have ended. */
  async #close(): Promise<void> {
    const { interp, control } = this._life;
    // The worker ends even if that fails.
    await control.then((run) => run("end")).catch(() => {});
    await interp.close({ wait: true }).catch(() => {});
  }

  protected override _checkAfterRequest(): void {
    // As with jest-worker, 0 is no limit for threads.
    if (this._options.idleMemoryLimit) super._checkAfterRequest();
  }

  protected override _askForMemoryUsage(fail: (error: Error) => void): void {
    const { control, interp } = this._life;
    control
      .then((run) => run("memoryUsage"))
      .then((used) => {
        if (this._life.interp === interp) this._reportMemoryUsage(used as number);
      })
      .catch((error: unknown) => {
        // The end of the interpreter is reported by itself.
        if (!isDeath(error)) fail(error as Error);
      });
  }

  protected override _stop(): void {
    // It may end by itself at this moment.
    this._life.interp.terminate().catch(() => {});
  }

  protected override _endStreams(): void {
    this._stdout.end();
    this._stderr.end();
  }

  forceExit(): void {
    if (this.state === WorkerStates.SHUT_DOWN) return;
    this.state = WorkerStates.SHUTTING_DOWN;
    this._stop();
  }

  /** The interpreter's id. */
  getWorkerSystemId(): number {
    return this._life.interp.id;
  }

  getStdout(): NodeJS.ReadableStream {
    return this._stdout;
  }

  getStderr(): NodeJS.ReadableStream {
    return this._stderr;
  }

  isWorkerRunning(): boolean {
    return this._life.running;
  }
}
