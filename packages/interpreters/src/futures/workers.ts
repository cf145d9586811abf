/**
 * The interpreters of a pool: how each is set up, and what its end means.
 *
 *     created ──bind `shared`──▶ run initializer ──▶ serve: take tasks ──▶ closed, or died and replaced
 *        │           └───────────────┴─ threw, or the interpreter died: the pool is broken
 *        └─ failed to boot: the other workers go on
 *
 * The whole set-up is one work item (WORK_SERVE), so no task can come between its steps, whatever this thread does
 * meanwhile. `shared` and `initargs` are copied when the pool is created: later changes reach no worker.
 */
import { writeSync } from "../platform/files.js";
import { reportError } from "../base/report.js";
import { NativePromise } from "../platform/microtasks.js";
import { clock } from "../base/clock.js";
import {
  ExecutionFailed,
  InterpreterDiedError,
  InterpreterError,
  InterpreterNotFoundError,
} from "../base/errors.js";
import { CODEC_JAVASCRIPT } from "../codec/codec.js";
import { defaultLanguage, type Language } from "../guests/language.js";
import { type Code, codeOf } from "../wire/code.js";
import { create } from "../interpreter/create.js";
import { type Interpreter, servePool } from "../interpreter/interpreter.js";
import { copyFor, copyOf } from "../wire/message.js";
import type { PoolSetup } from "../worker/pool.js";
import type { Death } from "../thread/death.js";
import type { Runtime } from "../thread/runtime.js";
import type { Queue } from "../queue/queue.js";
import { workerEnd, type WorkerEndMessage, type WorkerMessage, workerStart } from "./diagnostics.js";
import { attempt } from "./failure.js";
import { isError } from "../base/stacks.js";
import type { CreateOptions } from "../interpreter/options.js";
import { createOptionsOf, type ExecutorOptions } from "./options.js";

/** The pool that the workers belong to. It decides on replacements. */
export interface WorkersOwner {
  /** Named in diagnostics messages. */
  readonly executor: unknown;
  /** A worker was set up, and takes tasks. */
  started(): void;
  /** A worker takes no more tasks: it is closing (no `end`), or gone. */
  lost(end?: WorkerDeath): void;
  /** No worker can be set up: the pool is broken. Returns whether this is the first failure, which is the one to report. */
  broke(why: string, cause: unknown): boolean;
}

/** How a worker ended, as far as its replacement depends on it. */
export interface WorkerDeath {
  readonly death: Death;
  /** Whether it was set up, and so could take tasks. */
  readonly ready: boolean;
  /** Milliseconds from its start to its death. */
  readonly lived: number;
}

/** An interpreter that is closing. */
interface Leaving {
  readonly interp: Interpreter;
  /** Resolves when it is gone and its output is written. */
  readonly closed: Promise<void>;
}

export class Workers {
  readonly #owner: WorkersOwner;
  /** The options of each interpreter, except for its name. */
  readonly #createOptions: CreateOptions;
  /** The prefix of their names. */
  readonly name: string;
  readonly #setup: PoolSetup;
  readonly #initializer: Code | undefined;
  /** The workers, by id. They count as the pool's size and may take tasks. */
  readonly #interpreters = new Map<number, Interpreter>();
  /** Interpreters that are closing, by id: they take no more tasks, except one that they are taking just now. */
  readonly #leaving = new Map<number, Leaving>();
  /** When each interpreter was started (milliseconds of `clock`), by id, until its death notice arrives. */
  readonly #started = new Map<number, number>();
  /** Ids of the interpreters that are set up. */
  readonly #ready = new Set<number>();
  /** Total lifetime of the interpreters that are gone, in milliseconds. */
  #past = 0;
  /** Whether all are being stopped, whatever they do. */
  #terminated = false;
  #resolveGone = (): void => {};
  /** Resolves when all are gone after `terminate`. */
  readonly #gone = new NativePromise<void>((resolve) => (this.#resolveGone = resolve));
  /** Number of the last interpreter's name. */
  #names = 0;

  /** @throws TypeError, NotShareableError the initializer, its arguments or the shared values cannot travel */
  constructor(rt: Runtime, owner: WorkersOwner, options: ExecutorOptions, queues: readonly Queue[]) {
    const { initializer, initargs = [], shared, maxTasksPerInterpreter = 0, concurrency = 1 } = options;
    const { language = defaultLanguage() } = options;
    this.#owner = owner;
    this.#createOptions = createOptionsOf(options);
    this.name = options.name ?? "pool";
    if (initializer !== undefined) this.#initializer = codeOf(rt.m, initializer, language);
    this.#setup = {
      queues,
      initargs: copyFor(language, [...initargs], "initargs"),
      shared: shared && copyShared(language, shared),
      maxTasks: maxTasksPerInterpreter,
      concurrency,
    };
  }

  /** The ids of the interpreters that may take tasks, and of those that are closing. */
  get ids(): number[] {
    return [...this.#interpreters.keys(), ...this.#leaving.keys()];
  }

  /** How many interpreters may take tasks. */
  get size(): number {
    return this.#interpreters.size;
  }

  /** How many interpreters there are, including those that are closing. */
  get living(): number {
    return this.#started.size;
  }

  /** The lifetimes of all interpreters so far, added up, in milliseconds. */
  get lifetime(): number {
    const now = clock();
    let sum = this.#past;
    for (const started of this.#started.values()) sum += now - started;
    return sum;
  }

  /**
   * Starts one more interpreter. It boots in the background. An interpreter that has ended before it can be sent its set-up has died like
   * any other, and the owner may learn of that before this returns.
   *
   * @throws InterpreterError no more interpreters can be created, or shared memory is exhausted
   */
  start(): void {
    const name = `${this.name}-${++this.#names}`.slice(0, 80);
    const interp = create({ ...this.#createOptions, name });
    this.#interpreters.set(interp.id, interp);
    this.#started.set(interp.id, clock());
    if (workerStart.hasSubscribers) {
      const message: WorkerMessage = { executor: this.#owner.executor, interpreterId: interp.id };
      workerStart.publish(message);
    }
    try {
      servePool(interp, this.#setup, this.#initializer, (error) => {
        if (error !== undefined) this.#notSetUp(interp.id, error);
        else {
          this.#ready.add(interp.id);
          this.#owner.started();
        }
      });
    } catch (error) {
      // Its death notice, which has arrived or follows, decides on the replacement. A subscriber may also have ended all workers.
      if (isGone(error) || !this.#interpreters.has(interp.id)) return;
      // Shared memory is exhausted: it will take no tasks.
      this.#interpreters.delete(interp.id);
      void terminateQuietly(interp);
      throw error;
    }
  }

  /** On the death of any interpreter of the process, which may be one of this pool. */
  onDeath(death: Death): void {
    const started = this.#started.get(death.id);
    if (started === undefined) return;
    this.#started.delete(death.id);
    const ready = this.#ready.delete(death.id);
    const lived = clock() - started;
    this.#past += lived;
    if (workerEnd.hasSubscribers) {
      const { id: interpreterId, reason } = death;
      const message: WorkerEndMessage = { executor: this.#owner.executor, interpreterId, reason };
      workerEnd.publish(message);
    }
    this.#checkGone();
    // A closing interpreter counts too: it may have taken a task just then, and a retry of that needs a worker.
    if (this.#interpreters.delete(death.id) || this.#leaving.delete(death.id))
      this.#owner.lost({ death, ready, lived });
  }

  /** The worker `id` takes no more tasks: closes it, and lets the pool replace it. */
  retire(id: number): void {
    const interp = this.#interpreters.get(id);
    if (interp === undefined) return;
    this.#leave(interp);
    this.#owner.lost();
  }

  /** Closes up to `count` idle workers. */
  endIdle(count: number): void {
    let left = count;
    for (const interp of this.#interpreters.values()) {
      if (left === 0) return;
      if (isBusy(interp)) continue;
      this.#leave(interp);
      left--;
    }
  }

  /**
   * Closes all workers, each after the tasks that it has taken. Resolves when they are gone and their output is written.
   * Once they are terminated, it waits only until they are gone: a sink may never take the rest of the output.
   */
  async close(): Promise<void> {
    for (const interp of this.#interpreters.values()) this.#leave(interp);
    const closed = NativePromise.all([...this.#leaving.values()].map((leaving) => leaving.closed));
    await NativePromise.race([closed, this.#gone]);
  }

  /** Stops all workers at once, whatever they do. */
  terminate(): void {
    this.#terminated = true;
    for (const interp of this.#interpreters.values()) this.#leave(interp);
    for (const { interp } of this.#leaving.values()) void terminateQuietly(interp);
    this.#checkGone();
  }

  #checkGone(): void {
    if (this.#terminated && this.#started.size === 0) this.#resolveGone();
  }

  /** Closes a worker after the tasks that it has taken: the close is the last work item that it is sent. */
  #leave(interp: Interpreter): void {
    const { id } = interp;
    this.#interpreters.delete(id);
    const closed = closeQuietly(interp).finally(() => this.#leaving.delete(id));
    this.#leaving.set(id, { interp, closed });
  }

  /** The set-up of worker `id` failed. Breaks the pool, unless the worker died before any user code ran in it. */
  #notSetUp(id: number, error: unknown): void {
    if (this.#terminated) return;
    // These say nothing about the initializer. The death notice, which follows, decides on the replacement. The supervisor has
    // printed the error of a boot.
    if ((error as { code?: unknown }).code === "ERR_INTERPRETER_BOOT") return;
    if (error instanceof InterpreterDiedError && this.#initializer === undefined) return;
    const cause = error instanceof ExecutionFailed ? error.cause : error;
    const what = this.#initializer === undefined ? "setting up" : "the initializer in";
    const first = this.#owner.broke(`${what} interpreter ${id} failed: ${messageOf(error)}`, cause);
    if (first) print(what, id, error);
  }
}

/** Whether the error says that the interpreter is gone: it failed to boot, or was ended from outside. */
function isGone(error: unknown): boolean {
  if (error instanceof InterpreterNotFoundError) return true;
  return error instanceof InterpreterError && error.code === "ERR_INTERPRETER_BOOT";
}

/** An interpreter that is gone counts as busy: its death notice is on the way. */
function isBusy(interp: Interpreter): boolean {
  try {
    return interp.isRunning();
  } catch (error) {
    if (!(error instanceof InterpreterError)) throw error;
    return true;
  }
}

async function closeQuietly(worker: Interpreter): Promise<void> {
  await quietly(() => worker.close({ wait: true }));
}

async function terminateQuietly(worker: Interpreter): Promise<void> {
  await quietly(() => worker.terminate());
}

async function quietly(end: () => Promise<void>): Promise<void> {
  try {
    await end();
  } catch (error) {
    // It died meanwhile, so it is gone all the same.
    if (!(error instanceof InterpreterError)) reportError(error);
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ExecutionFailed) return error.excinfo.formatted;
  return attempt(() => (isError(error) ? error.message : String(error))) ?? "it cannot be shown";
}

function print(what: string, id: number, error: unknown): void {
  const display = error instanceof ExecutionFailed ? error.excinfo.errdisplay : messageOf(error);
  try {
    writeSync(2, `InterpreterPoolExecutor: ${what} interpreter ${id} failed:\n${display}\n`);
  } catch {
    // Stderr is closed: nowhere to print.
  }
}

/** Copies the values to share. An object as a whole keeps the identity of what several values contain, but only JavaScript reads one. */
function copyShared(language: Language, shared: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (language.tag === CODEC_JAVASCRIPT) return copyOf({ ...shared }, "shared");
  const copies: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(shared))
    copies[name] = copyFor(language, value, `shared.${name}`);
  return copies;
}
