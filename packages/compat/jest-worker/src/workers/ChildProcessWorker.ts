/** A worker that is a child process. */
import { type ChildProcess, fork } from "node:child_process";
import MergedStream from "../MergedStream";
import {
  CHILD_MESSAGE_INITIALIZE,
  CHILD_MESSAGE_MEM_USAGE,
  type ChildMessage,
  PARENT_MESSAGE_CLIENT_ERROR,
  PARENT_MESSAGE_CUSTOM,
  PARENT_MESSAGE_MEM_USAGE,
  PARENT_MESSAGE_OK,
  PARENT_MESSAGE_SETUP_ERROR,
  type ParentMessage,
  type ParentMessageError,
  type WorkerOptions,
  WorkerStates,
} from "../types";
import { unpackMessage } from "./safeMessageTransferring";
import WorkerAbstract from "./WorkerAbstract";

const SIGKILL_EXIT_CODE = 128 + 9;
const SIGTERM_EXIT_CODE = 128 + 15;

/** Milliseconds from SIGTERM to SIGKILL. */
export const SIGKILL_DELAY = 500;

/** What V8 prints before it ends a process that is out of memory. */
const OUT_OF_MEMORY = ["heap out of memory", "allocation failure;", "Last few GCs"];
/** How much of what a process has printed last is searched for that. */
const SEARCHED = 1 << 16;

/** An error of a process, made of what it could send. */
function errorOf([type, name, message, stack, extra]: ParentMessageError): unknown {
  if (type === PARENT_MESSAGE_SETUP_ERROR) {
    return Object.assign(new Error(`Error when calling setup: ${message}`), { type: name, stack });
  }
  if (typeof extra !== "object" || extra === null) return extra;
  const builtin = (globalThis as Record<string, unknown>)[name];
  const Class = (typeof builtin === "function" ? builtin : Error) as ErrorConstructor;
  return Object.assign(new Class(message), { type: name, stack }, extra);
}

export default class ChildProcessWorker extends WorkerAbstract {
  #child!: ChildProcess;
  #stdout: MergedStream | null = null;
  #stderr: MergedStream | null = null;
  /** The end of what the process has printed to standard error. */
  #printed = "";
  #killTimer: NodeJS.Timeout | undefined;

  constructor(options: WorkerOptions) {
    super(options);
    this.initialize();
  }

  protected override _start(): void {
    const { workerId, workerPath, setupArgs, forkOptions, silent = true } = this._options;
    if ((this.#child as ChildProcess | undefined)?.connected) this.#child.kill("SIGKILL");
    if (!silent) console.warn("Unable to detect out of memory event if silent === false");
    this.#printed = "";
    const child = fork(this._options.childWorkerPath ?? require.resolve("./processChild"), [], {
      cwd: process.cwd(),
      env: {
        ...process.env,
        // Workers count from 1.
        JEST_WORKER_ID: String(workerId + 1),
        ...(process.stdout.isTTY && process.stdout.hasColors() ? { FORCE_COLOR: "1" } : {}),
      },
      // The inspector's port is taken.
      execArgv: process.execArgv.filter((flag) => !/^--(?:debug|inspect)/.test(flag)),
      serialization: "advanced",
      silent,
      ...forkOptions,
    });
    this.#child = child;
    if (child.stdout) (this.#stdout ??= new MergedStream(true)).add(child.stdout);
    if (child.stderr) {
      (this.#stderr ??= new MergedStream(true)).add(child.stderr);
      child.stderr.on("data", (text: Buffer | string) => this.#look(String(text)));
    }
    child.on("message", (message) => this.#receive(message));
    child.on("exit", (code, signal) => this.#exit(child, code, signal));
    child.on("disconnect", () => this.#stopIfOutOfMemory());
    child.send([CHILD_MESSAGE_INITIALIZE, false, workerPath, setupArgs]);
  }

  /** Looks for the news that the process is out of memory. */
  #look(text: string): void {
    this.#printed = (this.#printed + text).slice(-SEARCHED);
    this.#stopIfOutOfMemory();
  }

  #detectOutOfMemory(): boolean {
    const { OK, STARTING } = WorkerStates;
    if (
      (this.state === OK || this.state === STARTING) &&
      OUT_OF_MEMORY.some((sign) => this.#printed.includes(sign))
    ) {
      this.state = WorkerStates.OUT_OF_MEMORY;
    }
    return this.state === WorkerStates.OUT_OF_MEMORY;
  }

  #stopIfOutOfMemory(): void {
    if (this.#detectOutOfMemory() && this.isWorkerRunning()) this._stop();
  }

  #receive(response: unknown): void {
    if (!Array.isArray(response)) return;
    const message = response as ParentMessage;
    switch (message[0]) {
      case PARENT_MESSAGE_OK:
        this._finish(null, unpackMessage(message[1]));
        break;
      case PARENT_MESSAGE_CLIENT_ERROR:
      case PARENT_MESSAGE_SETUP_ERROR:
        this._finish(errorOf(message), null);
        break;
      case PARENT_MESSAGE_CUSTOM:
        this._custom(unpackMessage(message[1]));
        break;
      case PARENT_MESSAGE_MEM_USAGE:
        this._reportMemoryUsage(message[1]);
        break;
      default:
      // The module may send messages of its own.
    }
  }

  #exit(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(this.#killTimer);
    this.#detectOutOfMemory();
    // Somebody wants those that were killed to end.
    const crashed = code !== null && ![0, SIGTERM_EXIT_CODE, SIGKILL_EXIT_CODE].includes(code);
    this._exited(crashed && this.state !== WorkerStates.SHUTTING_DOWN, () => {
      const which = `A jest worker process (pid=${child.pid})`;
      return new Error(
        signal === null || signal === undefined
          ? `${which} crashed for an unknown reason: exitCode=${code}`
          : `${which} was terminated by another process: signal=${signal}, exitCode=${code}. Operating system logs may contain more information on why this occurred.`,
      );
    });
  }

  protected override _retriesExceeded(): Error {
    return new Error(
      `Jest worker encountered ${this._retries} child process exceptions, exceeding retry limit`,
    );
  }

  protected override _post(request: ChildMessage): void {
    this.#printed = "";
    // One that has gone reports its exit.
    this.#child.send(request, () => {});
  }

  protected override _checkAfterRequest(): void {
    if (!this.#child.connected) return;
    if (this._options.idleMemoryLimit === 0) this._restart();
    else super._checkAfterRequest();
  }

  protected override _askForMemoryUsage(fail: (error: Error) => void): void {
    this.#child.send([CHILD_MESSAGE_MEM_USAGE], (error) => {
      if (error) fail(error);
    });
  }

  protected override _stop(): void {
    const child = this.#child;
    child.kill("SIGTERM");
    this.#killTimer = setTimeout(() => child.kill("SIGKILL"), SIGKILL_DELAY);
  }

  protected override _endStreams(): void {
    this.#stdout?.finish();
    this.#stderr?.finish();
  }

  forceExit(): void {
    this.state = WorkerStates.SHUTTING_DOWN;
    this._stop();
  }

  getWorkerSystemId(): number {
    return this.#child.pid!;
  }

  getStdout(): NodeJS.ReadableStream | null {
    return this.#stdout;
  }

  getStderr(): NodeJS.ReadableStream | null {
    return this.#stderr;
  }

  isWorkerRunning(): boolean {
    return this.#child.connected && !this.#child.killed;
  }
}
