/** A worker that is an interpreter. It has the interface of Node's `Worker`; messages to it become calls. */
import { EventEmitter } from "node:events";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { WorkerOptions } from "node:worker_threads";
import type * as api from "interpreters" with { "resolution-mode": "import" };
import type { Control, Starting } from "./in-interpreter";
import {
  CLEANUP,
  FLAG_ABORT_LISTENERS,
  FLAG_BEGUN,
  FLAG_ON_TERMINATE,
  FLAGS,
  type FromWorker,
  TERMINATE,
  type ToWorker,
} from "./messages";

/** Loaded with the first worker, not with this package: a worker's script imports the package, too. */
const interpreters = (): typeof api => require("interpreters") as typeof api;

let functions: api.ModuleFunctions<typeof import("./in-interpreter")> | undefined;
const inInterpreter = (): NonNullable<typeof functions> =>
  (functions ??= interpreters().fromModule<typeof import("./in-interpreter")>(
    pathToFileURL(path.join(__dirname, "in-interpreter.js")),
  ));

/** As Node words it. */
const OUT_OF_MEMORY = "Worker terminated due to reaching memory limit: JS heap out of memory";

/** Whether an operation failed because its interpreter has ended. */
function isDeath(error: unknown): boolean {
  const { InterpreterDiedError, InterpreterNotFoundError } = interpreters();
  return error instanceof InterpreterDiedError || error instanceof InterpreterNotFoundError;
}

/** The error that the function of a failed operation has thrown. */
function thrown(error: unknown): unknown {
  const { ExecutionFailed } = interpreters();
  return error instanceof ExecutionFailed && "cause" in error ? error.cause : error;
}

/** Turns the options of `new Worker` into those of `create`. */
function createOptions(options: WorkerOptions, onOutput: (stream: string, text: string) => void) {
  const { argv, env, execArgv, resourceLimits, stdout, stderr, workerData, transferList } = options;
  const { name } = options as { name?: string };
  const sink = (stream: string) => ({ write: (text: string) => onOutput(stream, text) });
  const shared = typeof env === "symbol";
  return {
    name: name?.slice(0, 80),
    argv: argv?.map(String),
    env: shared ? undefined : env,
    execArgv,
    resourceLimits,
    workerData: workerData as unknown,
    transfer: transferList as api.Movable[] | undefined,
    stdout: stdout ? sink("stdout") : undefined,
    stderr: stderr ? sink("stderr") : undefined,
    config: { shareEnv: shared },
  } satisfies api.CreateOptions;
}

/** Events: "message" (`FromWorker`), "error", "exit" (the exit code), and "stdout" and "stderr" (text) if the options ask for them. */
export class InterpreterWorker extends EventEmitter {
  readonly resourceLimits: NonNullable<WorkerOptions["resourceLimits"]>;
  readonly #interp: api.Interpreter;
  readonly #flags = new Int32Array(new SharedArrayBuffer(FLAGS * Int32Array.BYTES_PER_ELEMENT));
  readonly #started: Promise<Control>;
  /** How many tasks run. */
  #running = 0;
  #ended = false;
  /** Why the script could not be loaded. */
  #loadError: unknown;

  /** @param script the worker's file; undefined for a worker that only runs functions */
  constructor(script: string | URL | undefined, options: WorkerOptions = {}) {
    super();
    const { create, callback } = interpreters();
    // Neither the functions that the interpreter can call nor the notice of its end may keep a worker alive that the program has dropped.
    const self = new WeakRef(this);
    this.resourceLimits = { ...options.resourceLimits };
    this.#interp = create(createOptions(options, (stream, text) => self.deref()?.emit(stream, text)));
    void this.#interp.ended.then((end) => {
      const worker = self.deref();
      if (worker !== undefined) worker.#end(end);
    });
    const report = callback((id: number, payload?: unknown) => {
      const worker = self.deref();
      try {
        if (worker !== undefined) worker.#receive(id === 0 ? "ready" : { id, isEvent: true, payload });
      } catch (error) {
        // A listener of the program has thrown. That is no error of the worker.
        queueMicrotask(() => {
          throw error;
        });
      }
    }) as Starting["report"];
    this.#started = this.#interp.call(inInterpreter().start, {
      script: script?.toString(),
      eval: options.eval === true,
      flags: this.#flags,
      report,
    });
    this.#started.catch((error: unknown) => {
      if (isDeath(error)) return;
      this.#loadError = thrown(error);
      void this.terminate();
    });
  }

  #receive(message: FromWorker): void {
    if (!this.#ended) this.emit("message", message);
  }

  /** @param transfer objects in the parameters of a task to move instead of copy */
  postMessage(message: ToWorker, transfer?: readonly object[]): void {
    if (message === TERMINATE) void this.#finish();
    else if (message.method === CLEANUP) void this.#cleanUp(message.id);
    else void this.#run(message.id, message.method, message.params, transfer);
  }

  async #run(
    id: number,
    method: string,
    params: readonly unknown[] | null | undefined,
    transfer: readonly object[] | undefined,
  ): Promise<void> {
    const { run } = inInterpreter();
    this.#running++;
    try {
      const result =
        transfer === undefined
          ? await this.#interp.call(run, id, method, params)
          : await this.#interp.with({ transfer: transfer as api.Movable[] }).call(run, id, method, params);
      this.#running--;
      this.#receive({ id, result });
    } catch (error) {
      this.#running--;
      // The end of the interpreter is reported by itself.
      if (!isDeath(error)) this.#receive({ id, thrown: thrown(error) });
    }
  }

  /** Whether the interpreter has not ended. It is known at once, before its end is reported. */
  get isThere(): boolean {
    try {
      this.#interp.isRunning();
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Runs the abort listeners of a task. If it has begun and has none, the answer is there without the worker, which may be in an endless loop. If it
   * has not begun, it never will.
   */
  async #cleanUp(id: number): Promise<void> {
    let error: unknown = new Error("Worker terminating");
    const begun = Atomics.load(this.#flags, FLAG_BEGUN) === (id | 0);
    if (!begun || Atomics.load(this.#flags, FLAG_ABORT_LISTENERS) > 0) {
      try {
        error = await (await this.#started).cleanUp(id);
      } catch (reason) {
        error = reason;
      }
    }
    this.#receive({ id, method: CLEANUP, error });
  }

  /** Lets the worker run its termination handler and end by itself. A busy one without a handler is stopped. */
  async #finish(): Promise<void> {
    if (this.#running > 0 && Atomics.load(this.#flags, FLAG_ON_TERMINATE) === 0) {
      await this.terminate();
      return;
    }
    try {
      await (await this.#started).finish(0);
    } catch (error) {
      if (!isDeath(error)) await this.terminate();
    }
  }

  /** Stops the interpreter, whatever it does. Resolves to the exit code. */
  async terminate(): Promise<number> {
    // It may end by itself at this moment.
    await this.#interp.terminate().catch(() => {});
    return 1;
  }

  /** Reports the end, after the messages that the worker sent before it through ports of its own. */
  #end({ reason, exitCode, error }: api.InterpreterEnd): void {
    this.#ended = true;
    const why =
      this.#loadError ?? error ?? (reason === "out-of-memory" ? new Error(OUT_OF_MEMORY) : undefined);
    setImmediate(() => {
      if (why !== undefined) this.emit("error", why);
      this.emit("exit", exitCode ?? (reason === "closed" ? 0 : 1), null);
    });
  }
}
