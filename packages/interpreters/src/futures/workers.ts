/**
 * The interpreters of a pool: how each is set up, what its end means.
 *
 *     created ──globals bound──▶ initializer ran ──▶ serves: takes tasks ──▶ closed, or died and replaced
 *                    └──── it threw, or its interpreter died: the pool is broken ────┘
 *
 * All of the setting up is one piece of work (WORK_SERVE), so that no task can come between, whatever this thread does
 * meanwhile. What the initializer is given was copied when the pool was made: later changes reach no worker.
 */
import { writeSync } from "../platform/files.js";
import { clock } from "../base/clock.js";
import { ExecutionFailed, InterpreterDiedError, InterpreterError } from "../base/errors.js";
import { describe } from "../guests/javascript/callable.js";
import { type Code, codeOf } from "../wire/code.js";
import { create } from "../interpreter/create.js";
import { type Interpreter, servePool } from "../interpreter/interpreter.js";
import { copyOf } from "../wire/message.js";
import type { PoolSetup } from "../worker/pool.js";
import type { Death, Runtime } from "../thread/runtime.js";
import type { Queue } from "../queue/queue.js";
import { workerEnd, type WorkerEndEvent, type WorkerEvent, workerStart } from "./events.js";
import type { InterpreterPoolExecutor } from "./executor.js";
import type { ExecutorOptions } from "./options.js";

/** Who is told what becomes of the workers. */
export interface WorkersOwner {
  readonly executor: InterpreterPoolExecutor;
  /** One is gone. */
  lost(): void;
  /** None can be set up. Returns whether it is the first to fail. */
  broke(why: string, cause: unknown): boolean;
}

export class Workers {
  readonly #owner: WorkersOwner;
  readonly #options: ExecutorOptions;
  readonly #setup: PoolSetup;
  readonly #initializer: Code | undefined;
  readonly #interpreters = new Map<number, Interpreter>();
  /** Those that end: they take nothing more, or only what they take just now. */
  readonly #leaving = new Map<number, Promise<void>>();
  /** When each was started, until its end is heard of. */
  readonly #started = new Map<number, number>();
  /** Milliseconds that those were there which are gone. */
  #past = 0;
  #names = 0;

  /** @throws TypeError, NotShareableError: the initializer, its arguments or the shared values cannot travel */
  constructor(rt: Runtime, owner: WorkersOwner, options: ExecutorOptions, queues: readonly Queue[]) {
    const { initializer, initargs = [], shared, maxTasksPerInterpreter = 0, concurrency = 1 } = options;
    this.#owner = owner;
    this.#options = options;
    if (initializer !== undefined) this.#initializer = codeOf(rt.m, initializer, describe);
    this.#setup = {
      queues,
      initargs: copyOf([...initargs], "initargs"),
      shared: shared && copyOf({ ...shared }, "shared"),
      maxTasks: maxTasksPerInterpreter,
      concurrency,
    };
  }

  get size(): number {
    return this.#interpreters.size;
  }

  /** Milliseconds that all of them were there, together. */
  get lifetime(): number {
    const now = clock();
    let sum = this.#past;
    for (const started of this.#started.values()) sum += now - started;
    return sum;
  }

  /** Starts one more. */
  start(): void {
    const { name, config, resourceLimits } = this.#options;
    const interp = create({
      name: `${name ?? "pool"}-${++this.#names}`.slice(0, 80),
      ...(config !== undefined && { config }),
      ...(resourceLimits && { resourceLimits }),
    });
    this.#interpreters.set(interp.id, interp);
    this.#started.set(interp.id, clock());
    if (workerStart.hasSubscribers) {
      const event: WorkerEvent = { executor: this.#owner.executor, interpreterId: interp.id };
      workerStart.publish(event);
    }
    servePool(interp, this.#setup, this.#initializer, (error) => {
      if (error !== undefined) this.#notSetUp(interp.id, error);
    });
  }

  /** Somebody died; maybe one of these. */
  onDeath(death: Death): void {
    const started = this.#started.get(death.id);
    if (started === undefined) return;
    this.#started.delete(death.id);
    this.#past += clock() - started;
    if (workerEnd.hasSubscribers) {
      const { id: interpreterId, reason } = death;
      const event: WorkerEndEvent = { executor: this.#owner.executor, interpreterId, reason };
      workerEnd.publish(event);
    }
    // One that was to end may have taken a task just then, which is to be run again.
    if (this.#interpreters.delete(death.id) || this.#leaving.delete(death.id)) this.#owner.lost();
  }

  /** One takes no more tasks: it ends, and another one takes its place. */
  retire(id: number): void {
    const interp = this.#interpreters.get(id);
    if (interp === undefined) return;
    this.#leave(interp);
    this.#owner.lost();
  }

  /** Ends up to `count` of those that have nothing to do. */
  endIdle(count: number): void {
    let left = count;
    for (const interp of this.#interpreters.values()) {
      if (left === 0) return;
      if (isBusy(interp)) continue;
      this.#leave(interp);
      left--;
    }
  }

  /** Ends all when they have done what they do. */
  async close(): Promise<void> {
    for (const interp of this.#interpreters.values()) this.#leave(interp);
    await Promise.all(this.#leaving.values());
  }

  /** Whatever it took is done first: the end is the last piece of work that it is sent. */
  #leave(interp: Interpreter): void {
    const { id } = interp;
    this.#interpreters.delete(id);
    const left = closeQuietly(interp).finally(() => this.#leaving.delete(id));
    this.#leaving.set(id, left);
  }

  #notSetUp(id: number, error: unknown): void {
    const cause = error instanceof ExecutionFailed ? error.cause : error;
    const boot = (error as { code?: unknown }).code === "ERR_INTERPRETER_BOOT";
    if (boot) {
      // The supervisor has printed it.
      this.#owner.broke("an interpreter failed to boot", cause);
      return;
    }
    // Nothing of the user's ran there yet, so its end says nothing about the next one.
    if (error instanceof InterpreterDiedError && this.#initializer === undefined) return;
    const what = this.#initializer === undefined ? "setting up" : "the initializer in";
    const first = this.#owner.broke(`${what} interpreter ${id} failed: ${messageOf(error)}`, cause);
    if (first) print(what, id, error);
  }
}

/** One that is gone counts as busy: its end is heard of soon. */
function isBusy(interp: Interpreter): boolean {
  try {
    return interp.isRunning();
  } catch (error) {
    if (!(error instanceof InterpreterError)) throw error;
    return true;
  }
}

async function closeQuietly(worker: Interpreter): Promise<void> {
  try {
    await worker.close({ wait: true });
  } catch (error) {
    // It may just have died; it is gone all the same.
    if (!(error instanceof InterpreterError)) throw error;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ExecutionFailed) return error.excinfo.formatted;
  return error instanceof Error ? error.message : String(error);
}

function print(what: string, id: number, error: unknown): void {
  const display = error instanceof ExecutionFailed ? error.excinfo.errdisplay : messageOf(error);
  try {
    writeSync(2, `InterpreterPoolExecutor: ${what} interpreter ${id} failed:\n${display}\n`);
  } catch {
    // There is no stderr to say so.
  }
}
