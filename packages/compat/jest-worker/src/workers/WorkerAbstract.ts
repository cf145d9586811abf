/** The part that both kinds of workers have in common: their state, the request that runs, and when a worker is started again. */
import { EventEmitter } from "node:events";
import { totalmem } from "node:os";
import {
  CHILD_MESSAGE_CALL,
  CHILD_MESSAGE_END,
  type ChildMessage,
  type OnCustomMessage,
  type OnEnd,
  type OnStart,
  type WorkerInterface,
  type WorkerOptions,
  WorkerEvents,
  WorkerStates,
} from "../types";

/** Milliseconds that a worker may take to start. */
const START_TIMEOUT = 500;

interface Ready {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

export default abstract class WorkerAbstract extends EventEmitter implements WorkerInterface {
  protected readonly _options: WorkerOptions;
  /** The request that the worker has not answered yet. */
  protected _request: ChildMessage | null = null;
  /** How often the worker has been started for this request. NaN before the first one. */
  protected _retries = Number.NaN;
  #state: WorkerStates = WorkerStates.STARTING;
  #onEnd: OnEnd | undefined;
  #onCustomMessage: OnCustomMessage | undefined;
  #ready: Ready | undefined;
  #memoryUsage:
    | { promise: Promise<number>; settle(used: number): void; fail(error: Error): void }
    | undefined;
  /** Whether the next report of the memory in use is to be compared with the limit. */
  #checking = false;
  readonly #exited: Promise<void>;
  #exit!: () => void;

  constructor(options: WorkerOptions) {
    super();
    this._options = options;
    for (const [event, handlers] of Object.entries(options.on ?? {})) {
      for (const handler of [handlers].flat()) this.on(event, handler as (...args: unknown[]) => void);
    }
    this.#exited = new Promise((resolve) => (this.#exit = resolve));
  }

  get state(): WorkerStates {
    return this.#state;
  }

  protected set state(state: WorkerStates) {
    const old = this.#state;
    if (state === old) return;
    this.#state = state;
    this.emit(WorkerEvents.STATE_CHANGE, state, old);
  }

  /** Starts the process or interpreter. */
  protected abstract _start(): void;
  /** Gives it a request. */
  protected abstract _post(request: ChildMessage): void;
  /** Asks it for a report of its memory in use. */
  protected abstract _askForMemoryUsage(fail: (error: Error) => void): void;
  /** Stops it; another one takes its place. */
  protected abstract _stop(): void;
  protected abstract _retriesExceeded(): Error;
  /** Ends the streams. */
  protected abstract _endStreams(): void;
  abstract forceExit(): void;
  abstract getWorkerSystemId(): number;
  abstract getStdout(): NodeJS.ReadableStream | null;
  abstract getStderr(): NodeJS.ReadableStream | null;
  abstract isWorkerRunning(): boolean;

  /** Starts the worker, also again, unless it is to end. */
  initialize(): void {
    const { OUT_OF_MEMORY, SHUTTING_DOWN, SHUT_DOWN } = WorkerStates;
    if (([OUT_OF_MEMORY, SHUTTING_DOWN, SHUT_DOWN] as WorkerStates[]).includes(this.state)) return;
    this.state = WorkerStates.STARTING;
    this._start();
    this._retries++;
    if (this._retries > this._options.maxRetries) {
      this._finish(Object.assign(this._retriesExceeded(), { type: "WorkerError" }), null);
    }
    this.state = WorkerStates.OK;
    this.#ready?.resolve();
  }

  waitForWorkerReady(): Promise<void> {
    if (this.#ready !== undefined) return this.#ready.promise;
    const { STARTING, RESTARTING, OK } = WorkerStates;
    if (this.state !== OK && this.state !== STARTING && this.state !== RESTARTING) {
      return Promise.reject(new Error(`Worker state means it will never be ready: ${this.state}`));
    }
    let resolve!: () => void;
    const promise = new Promise<void>((succeed, fail) => {
      const timer = setTimeout(() => fail(new Error("Timeout starting worker")), START_TIMEOUT);
      resolve = () => {
        clearTimeout(timer);
        succeed();
      };
    });
    this.#ready = { promise, resolve };
    if (this.state === OK) resolve();
    return promise;
  }

  waitForExit(): Promise<void> {
    return this.#exited;
  }

  getWorkerId(): number {
    return this._options.workerId;
  }

  send(
    request: ChildMessage,
    onProcessStart: OnStart,
    onProcessEnd: OnEnd,
    onCustomMessage: OnCustomMessage,
  ): void {
    onProcessStart(this);
    // The call that runs keeps its callbacks, so it ends with an outcome.
    if (request[0] !== CHILD_MESSAGE_END || this._request === null) {
      this.#onEnd = onProcessEnd;
      this.#onCustomMessage = onCustomMessage;
      this._request = request;
    }
    this._retries = 0;
    this._post(request);
  }

  /** Ends the request. */
  protected _finish(error: unknown, result: unknown): void {
    const ended = this._request?.[0] === CHILD_MESSAGE_CALL;
    this._request = null;
    const onEnd = this.#onEnd;
    this.#onEnd = this.#onCustomMessage = undefined;
    if (ended) this._checkAfterRequest();
    onEnd?.(error as Error | null, result);
  }

  protected _custom(message: unknown): void {
    this.#onCustomMessage?.(message);
  }

  /** Looks at the memory in use when a request has ended. */
  protected _checkAfterRequest(): void {
    if (this._options.idleMemoryLimit !== undefined) this.checkMemoryUsage();
  }

  /** The last report, in bytes. */
  getMemoryUsage(): Promise<number | null> {
    if (this.#memoryUsage !== undefined) return this.#memoryUsage.promise;
    let settle!: (used: number) => void;
    let fail!: (error: Error) => void;
    const promise = new Promise<number>((resolve, reject) => {
      settle = resolve;
      fail = (error) => {
        this.#memoryUsage = undefined;
        reject(error);
      };
    });
    this.#memoryUsage = { promise, settle, fail };
    if (this.isWorkerRunning()) this._askForMemoryUsage(fail);
    else fail(new Error("Child process is not running."));
    return promise;
  }

  /** Replaces the worker if it uses more memory than the limit. */
  checkMemoryUsage(): void {
    if (this._options.idleMemoryLimit === undefined) {
      console.warn("Memory usage of workers can only be checked if a limit is set");
      return;
    }
    this.#checking = true;
    this._askForMemoryUsage((error) => console.error("Unable to check memory usage", error));
  }

  protected _reportMemoryUsage(used: number): void {
    this.#memoryUsage?.settle(used);
    this.#memoryUsage = undefined;
    if (!this.#checking) return;
    this.#checking = false;
    const { idleMemoryLimit = 0 } = this._options;
    const limit = idleMemoryLimit > 1 ? idleMemoryLimit : totalmem() * idleMemoryLimit;
    if (limit > 0 && used > Math.floor(limit)) this._restart();
  }

  protected _restart(): void {
    this.state = WorkerStates.RESTARTING;
    this._stop();
  }

  /** The worker has ended. @param again whether to start it again, for the request that has not been answered */
  protected _exited(again: boolean, unfinished: () => Error): void {
    this.#forgetReady();
    this.#memoryUsage?.fail(new Error("Child process is not running."));
    this.#checking = false;
    if (this.state === WorkerStates.OUT_OF_MEMORY) {
      // First, because the farm sends the next request to a new worker only if this one has been shut down.
      this._shutDown();
      this._finish(new Error("Jest worker ran out of memory and crashed"), null);
    } else if (again || this.state === WorkerStates.RESTARTING) {
      this.state = WorkerStates.RESTARTING;
      const request = this._request;
      this.initialize();
      // If the request was tried too often, it has ended, and the worker may have the next one.
      if (request !== null && this._request === request) this._post(request);
    } else {
      this._shutDown();
      if (this._request !== null)
        this._finish(this._request[0] === CHILD_MESSAGE_END ? null : unfinished(), null);
    }
  }

  #forgetReady(): void {
    this.#ready = undefined;
  }

  /** The worker has ended for good. */
  protected _shutDown(): void {
    this.#forgetReady();
    this.state = WorkerStates.SHUT_DOWN;
    this._endStreams();
    this.#exit();
  }
}
