/** Runs one task in the worker's pool and describes how it ended. */
import {
  fromModule,
  InterpreterDiedError,
  type InterpreterPoolExecutor,
  type TaskError,
  type TaskSubmitter,
} from "interpreters";
import type { RemoteOutcome } from "interpreters/core";
import type { ModuleNames } from "./function-name.js";
import { fromBase64, type TaskData } from "./messages.js";

/** Why tasks are stopped: their callers want it, or their worker ends. */
export const STOPPED = new InterpreterDiedError("The caller stopped the task", {
  interpreterId: -1,
  reason: "aborted",
});
export const BROKEN_OFF = new InterpreterDiedError(
  "Cannot finish a task: its worker was shut down before the task was done",
  {
    interpreterId: -1,
    reason: "terminated",
  },
);
export const BROKEN_OFF_OUTCOME: RemoteOutcome = { kind: "failed", error: BROKEN_OFF };

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * The signal that stops a task of the pool. A task that was not stopped leaves it to the next one: a signal is expensive to make, for a task that takes
 * microseconds.
 */
export class Stopper {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #pool: InterpreterPoolExecutor;
  readonly #submitter: TaskSubmitter;

  constructor(pool: InterpreterPoolExecutor) {
    this.signal = this.#controller.signal;
    this.#pool = pool;
    this.#submitter = pool.with({ signal: this.signal });
  }

  stop(reason: Error): void {
    this.#controller.abort(reason);
  }

  submitter(timeout: number | undefined): TaskSubmitter {
    return timeout === undefined ? this.#submitter : this.#pool.with({ signal: this.signal, timeout });
  }
}

/**
 * Runs a task and returns its outcome. Never throws.
 *
 * @param retries how often it may run again here, if its interpreter dies
 * @param where names this machine in messages
 */
export async function runTask(
  stopper: Stopper,
  names: ModuleNames,
  task: TaskData,
  values: string,
  retries: number,
  where: string,
): Promise<RemoteOutcome> {
  try {
    const fn = fromModule<Record<string, AnyFunction>>(names.urlOf(task.f, where))[task.e];
    const args = fromBase64(values) as unknown[];
    const submitter = stopper.submitter(task.t);
    const { signal } = stopper;
    for (let left = retries; ; left--) {
      const outcome =
        task.b === 1 ? await runBatch(submitter, fn, args as unknown[][]) : await runOne(submitter, fn, args);
      const died = outcome.kind === "failed" && outcome.error instanceof InterpreterDiedError;
      if (!died || left <= 0 || signal.aborted) return outcome;
    }
  } catch (error) {
    return { kind: "failed", error };
  }
}

async function runOne(
  submitter: TaskSubmitter,
  fn: AnyFunction,
  args: readonly unknown[],
): Promise<RemoteOutcome> {
  try {
    return { kind: "value", value: await withoutTrace(() => submitter.submit(fn, ...args)) };
  } catch (error) {
    return outcomeOf(error);
  }
}

/** Submits without noting where that was: this worker's frames say nothing to the caller (`withoutSubmitter`), and take a while to collect. */
function withoutTrace<T>(submit: () => T): T {
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 0;
    return submit();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The calls of a batch go to one interpreter, one after another, and end with the first that fails. */
async function runBatch(
  submitter: TaskSubmitter,
  fn: AnyFunction,
  lists: unknown[][],
): Promise<RemoteOutcome> {
  const values: unknown[] = [];
  const began = performance.now();
  let failure: RemoteOutcome | undefined;
  try {
    const size = lists.length;
    for await (const value of submitter.starmap(fn, lists, { chunksize: size, buffersize: size }))
      values.push(value);
  } catch (error) {
    failure = outcomeOf(error);
    // A death, or a limit that passed, is that of the whole batch.
    const whole =
      error instanceof InterpreterDiedError ||
      (error instanceof DOMException && error.name === "TimeoutError");
    if (whole || (error as TaskError).itemIndex === undefined) return failure;
  }
  return { kind: "batch", values, failure, took: performance.now() - began };
}

function outcomeOf(error: unknown): RemoteOutcome {
  const info = error instanceof Error ? (error as TaskError).executionFailed?.excinfo : undefined;
  if (info !== undefined) {
    withoutSubmitter(error as Error);
    const { executionFailed } = error as TaskError;
    return { kind: "threw", info, thrown: error, interpreter: executionFailed?.interpreterId ?? 0 };
  }
  if (error instanceof Error) {
    withoutSubmitter(error);
    return { kind: "failed", error };
  }
  // It threw a value that is no error.
  return { kind: "threw", info: undefined, thrown: error, interpreter: 0 };
}

/** The frames of this worker say nothing to the caller, who adds its own; nor does the batch that this worker made of its calls. */
function withoutSubmitter(error: Error): void {
  const { stack, message } = error;
  const shown = message.replace(/^starmap: items? \d+(?: to \d+)?: /, "");
  if (shown !== message)
    Object.defineProperty(error, "message", { value: shown, configurable: true, writable: true });
  if (typeof stack !== "string") return;
  const end = stack.search(/\n\s*--- submitted/);
  const own = (end === -1 ? stack : stack.slice(0, end)).replace(message, () => shown);
  Object.defineProperty(error, "stack", { value: own, configurable: true, writable: true });
}
