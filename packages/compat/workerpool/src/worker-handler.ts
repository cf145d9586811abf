/** The pool's side of one worker: its tasks, their cancellation, and its end. */
import { inspect } from "node:util";
import { CLEANUP, type FromWorker, TERMINATE, type ToWorker } from "./messages";
import { CancellablePromise, CancellationError, type Resolver, TimeoutError } from "./promise";
import type { ExecOptions } from "./types";
import {
  defaultScript,
  type HandlerOptions,
  startInterpreter,
  startProcess,
  startWorker,
  tryRequireWorkerThreads,
  type Worker,
} from "./workers";

/** A worker has ended while it ran a task. */
export class TerminateError extends Error {
  constructor(message?: string, cause?: unknown) {
    super(message || "worker terminated");
    this.cause = cause;
  }
}

interface Processing {
  readonly id: number;
  readonly resolver: Resolver;
  readonly options: ExecOptions | undefined;
}

/** A task that was given up, while its abort listeners run. */
interface Tracked {
  readonly options: ExecOptions | undefined;
  /** Whether the worker has it. */
  readonly sent: boolean;
  readonly settle: (error: unknown) => void;
}

interface Request {
  readonly message: ToWorker;
  readonly transfer?: readonly object[] | undefined;
}

type Ended = (error?: unknown, handler?: WorkerHandler) => void;

export class WorkerHandler {
  static readonly _tryRequireWorkerThreads = tryRequireWorkerThreads;
  static readonly _setupProcessWorker = startProcess;
  static readonly _setupWorkerThreadWorker = startInterpreter;
  static readonly ensureWorkerThreads = tryRequireWorkerThreads;
  static readonly TerminateError = TerminateError;

  readonly script: string;
  readonly debugPort: number | undefined;
  readonly forkArgs: HandlerOptions["forkArgs"];
  readonly forkOpts: HandlerOptions["forkOpts"];
  readonly workerOpts: HandlerOptions["workerOpts"];
  readonly workerThreadOpts: HandlerOptions["workerThreadOpts"];
  readonly workerTerminateTimeout: number | undefined;
  /** Null when it has ended. */
  worker: Worker | null;
  /** Requests that came before the worker was ready. */
  requestQueue: Request[] = [];
  /** Whether the worker ends when its tasks are done. */
  terminating = false;
  terminated = false;
  /** Whether it has ever taken tasks. */
  hasBeenReady = false;
  /** Called when the worker ends without having been asked to. */
  onDeath: (() => void) | undefined;
  /**
   * In the order in which they were sent, so an answer is mostly for the first. No `Map`: minor collections of V8 do not free what has once been in
   * one, as long as its first table lives.
   */
  readonly #processing: Processing[] = [];
  readonly #tracking = new Map<number, Tracked>();
  readonly #onEnd: Ended[] = [];
  #lastId = 0;
  /** Whether the worker was asked to end, and the timer after which it is stopped. */
  #cleaning = false;
  #cleanupTimer: NodeJS.Timeout | undefined;
  /** Why it ended. */
  #failure: Error | undefined;

  /** @throws Error as `startWorker` */
  constructor(script?: string | null, options: HandlerOptions = {}) {
    this.script = script || defaultScript;
    this.debugPort = options.debugPort;
    this.forkArgs = options.forkArgs;
    this.forkOpts = options.forkOpts;
    this.workerOpts = options.workerOpts;
    this.workerThreadOpts = options.workerThreadOpts;
    this.workerTerminateTimeout = options.workerTerminateTimeout;
    const worker = startWorker(script || undefined, options);
    this.worker = worker;
    // A worker's own script says when it has registered its functions.
    if (!script) worker.ready = this.hasBeenReady = true;
    for (const stream of ["stdout", "stderr"]) {
      worker.on(stream, (data: unknown) => this.#printed({ [stream]: String(data) }));
    }
    worker.on("message", (message: FromWorker) => this.#receive(worker, message));
    worker.on("error", (error: unknown) => {
      const text = error instanceof Error ? error.message : inspect(error);
      this.#fail(new TerminateError(`Workerpool Worker error: ${text}`, error));
      // A process that could not be started never exits.
      if (worker.isChildProcess && worker.pid === undefined) this.#exited(worker, undefined, undefined);
    });
    worker.on("exit", (exitCode: unknown, signalCode: unknown) => this.#exited(worker, exitCode, signalCode));
  }

  /** Passes what the worker has printed to the task that it runs. */
  #printed(payload: object): void {
    for (const { options } of this.#processing) options?.on?.(payload);
    for (const { options } of this.#tracking.values()) options?.on?.(payload);
  }

  #receive(worker: Worker, message: FromWorker): void {
    if (this.terminated) return;
    if (message === "ready") {
      worker.ready = this.hasBeenReady = true;
      for (const request of this.requestQueue.splice(0)) this.#send(request);
      for (const { sent, settle } of this.#tracking.values()) if (!sent) settle(undefined);
      return;
    }
    const { id } = message;
    const task = this.#processing.find((each) => each.id === id);
    if ("isEvent" in message) {
      (task ?? this.#tracking.get(id))?.options?.on?.(message.payload);
    } else if ("method" in message) {
      this.#tracking.get(id)?.settle(message.error);
    } else if (task !== undefined) {
      this.#remove(id);
      // The last task of a worker that is to end.
      if (this.terminating) this.terminate();
      if ("thrown" in message) task.resolver.reject(message.thrown);
      else if (message.error) task.resolver.reject(Object.assign(new Error(""), message.error));
      else task.resolver.resolve((message as { result?: unknown }).result);
    }
  }

  #send({ message, transfer }: Request): void {
    try {
      this.worker?.send(message, transfer);
    } catch (error) {
      // A process cannot take the parameters.
      if (message === TERMINATE) return;
      this.#remove(message.id)?.resolver.reject(error);
    }
  }

  #remove(id: number): Processing | undefined {
    const index = this.#processing.findIndex((task) => task.id === id);
    return index === -1 ? undefined : this.#processing.splice(index, 1)[0];
  }

  #exited(worker: Worker, exitCode: unknown, signalCode: unknown): void {
    const { spawnargs, spawnfile, stdout, stderr } = worker;
    this.worker = null;
    clearTimeout(this.#cleanupTimer);
    this.#fail(
      new TerminateError(
        "Workerpool Worker terminated Unexpectedly\n" +
          Object.entries({
            exitCode,
            signalCode,
            "workerpool.script": this.script,
            spawnArgs: spawnargs,
            spawnfile,
            stdout,
            stderr,
          })
            .map(([name, value]) => `    ${name}: \`${String(value)}\`\n`)
            .join(""),
      ),
    );
    this.#ended();
  }

  /** The worker has ended, or will: no task of it can succeed any more. */
  #fail(error: TerminateError): void {
    const died = !this.terminated && !this.#cleaning;
    this.terminated = true;
    this.#failure ??= error;
    const tasks = this.#processing.splice(0);
    const tracked = [...this.#tracking.values()];
    for (const { resolver } of tasks) resolver.reject(this.#failure);
    for (const { settle } of tracked) settle(this.#failure);
    if (died && tasks.length === 0) this.onDeath?.();
  }

  #ended(error?: unknown): void {
    this.#cleaning = false;
    this.terminating = false;
    for (const ended of this.#onEnd.splice(0)) ended(error, this);
  }

  methods(): CancellablePromise<unknown> {
    return this.exec("methods");
  }

  /**
   * Runs a method of the worker.
   *
   * @returns a promise that follows the resolver's. After a cancellation it settles when the worker has cleaned up, or has ended.
   */
  exec(
    method: string,
    params?: readonly unknown[] | null,
    resolver: Resolver = CancellablePromise.defer(),
    options?: ExecOptions,
  ): CancellablePromise<unknown> {
    const id = ++this.#lastId;
    if (this.terminated) {
      resolver.reject(this.#failure ?? new TerminateError("Worker is terminated"));
      return resolver.promise;
    }
    this.#processing.push({ id, resolver, options });
    const request: Request = { message: { id, method, params }, transfer: options?.transfer };
    if (this.worker?.ready) this.#send(request);
    else this.requestQueue.push(request);
    return resolver.promise.catch((error) => {
      if (!(error instanceof CancellationError || error instanceof TimeoutError)) throw error;
      this.#remove(id);
      const waiting = this.requestQueue.indexOf(request);
      if (waiting !== -1) this.requestQueue.splice(waiting, 1);
      return this.#cleanUp(id, options, error, waiting === -1);
    });
  }

  /**
   * Lets the worker clean up after a task that was given up, and stops it if it cannot. Rejects with the reason either way. A worker that has not
   * been sent the task only has to become ready.
   */
  #cleanUp(
    id: number,
    options: ExecOptions | undefined,
    reason: Error,
    sent: boolean,
  ): CancellablePromise<never> {
    return new CancellablePromise((_, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (error: unknown): void => {
        clearTimeout(timer);
        if (!this.#tracking.delete(id)) return;
        if (!error) {
          if (this.terminating) this.terminate();
          reject(reason);
          return;
        }
        this.terminate(true, () => reject(reason));
      };
      this.#tracking.set(id, { options, sent, settle });
      if (!sent) return;
      timer = setTimeout(settle, this.workerTerminateTimeout, reason);
      this.#send({ message: { id, method: CLEANUP } });
    });
  }

  /** Whether it has ended by itself while it had no task. The notice of that may be still to come. */
  get diedIdle(): boolean {
    return this.hasBeenReady && this.worker?.isThere === false && !this.busy();
  }

  /** Whether it runs a task, cleans up after one, or was asked to end. */
  busy(): boolean {
    return this.#cleaning || this.#processing.length > 0 || this.#tracking.size > 0;
  }

  /**
   * Ends the worker: when its tasks are done, or at once.
   *
   * @param force rejects its tasks first
   * @param callback is called when it has ended
   */
  terminate(force = false, callback?: Ended): void {
    if (callback !== undefined) this.#onEnd.push(callback);
    if (force) {
      for (const { resolver } of this.#processing.splice(0)) resolver.reject(new Error("Worker terminated"));
    }
    if (this.#cleaning) return;
    for (const { settle } of this.#tracking.values()) settle(new Error("Worker Terminating"));
    // A task that was given up has ended the worker right now.
    if (this.#cleaning) return;
    if (this.#processing.length > 0) {
      this.terminating = true;
    } else if (this.worker === null) {
      this.terminated = true;
      this.#ended();
    } else {
      this.#cleaning = true;
      this.#cleanupTimer = setTimeout(() => this.worker?.kill(), this.workerTerminateTimeout);
      const request: Request = { message: TERMINATE };
      if (this.worker.ready) this.#send(request);
      else this.requestQueue.push(request);
    }
  }

  /** As `terminate`. @param timeout milliseconds after which the promise rejects with a TimeoutError. Default: no limit. */
  terminateAndNotify(force?: boolean, timeout?: number): CancellablePromise<WorkerHandler> {
    const { promise, resolve, reject } = CancellablePromise.defer<WorkerHandler>();
    if (timeout) promise.timeout(timeout);
    this.terminate(force, (error) => (error ? reject(error) : resolve(this)));
    return promise;
  }
}
