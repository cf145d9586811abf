/** Submitting: one task, or the items of a `map`. */
import { eitherSignal } from "../base/abort.js";
import { ownOptions } from "../base/check.js";
import { InterpreterError, NotShareableError, QueueFull } from "../base/errors.js";
import { type Trace, takeTrace } from "../thread/trace.js";
import { SupervisorHandover } from "../transfer/handover.js";
import { Moves } from "../transfer/moves.js";
import { Progress } from "../callbacks/report.js";
import { CODEC_JAVASCRIPT } from "../codec/codec.js";
import { codeOf } from "../wire/code.js";
import { checkReadable } from "../wire/message.js";
import { WORK_CALL, WORK_CALL_BATCH, WORK_ITERATE } from "../wire/protocol.js";
import { taskSubmit } from "./diagnostics.js";
import { useSubmitter } from "./failure.js";
import { Future } from "./future.js";
import type { MapOwner } from "./map-iteration.js";
import { type AnyMapOptions, mapOver, type SubmitParcel } from "./map.js";
import type { SubmitOptions } from "./options.js";
import type { Owner } from "./owner.js";
import type { Pool } from "./pool.js";
import type { Refusal } from "./tasks.js";

/** How to submit a task. */
export interface TaskHow {
  /** WORK_CALL, or for a call batch of `map` WORK_CALL_BATCH, or WORK_ITERATE. */
  readonly kind: number;
  /** Whether its caller has waited for room. */
  readonly waited: boolean;
  /** For an iteration, whose items have been consumed by then: no retry, and what to do as soon as it is done. */
  readonly onDone?: () => void;
}

/** How `submit` submits by default. */
const SINGLE: TaskHow = { kind: WORK_CALL, waited: false };

/** The codes of errors that say what the process lacks at the moment: they fail the future, as they fail a call's promise. */
const LACKS: ReadonlySet<string> = new Set([
  "ERR_INTERPRETER_BOOT",
  "ERR_INTERPRETER_LIMIT",
  "ERR_INTERPRETER_MEMORY",
]);

function isLack(error: unknown): boolean {
  return error instanceof InterpreterError && LACKS.has(error.code);
}

/**
 * Submits a task. Throws before anything is put in line; an error that is
 * not the caller's fault fails the future instead.
 */
export function submit<T>(
  pool: Pool,
  fn: Function,
  args: readonly unknown[],
  options: SubmitOptions,
  trace: Trace,
  how = SINGLE,
): Future<T> {
  const { rt } = pool.tasks;
  const { kind, waited, onDone } = how;
  const iterates = kind === WORK_ITERATE;
  pool.checkUsable();
  const { signal } = options;
  const future = new Future<T>(pool.tasks, trace, options);
  if (iterates) {
    future.onDone = onDone;
    future.abandon();
  }
  // Before anything is encoded, which may be much.
  const full = pool.refusal(signal, waited);
  if (full !== undefined) return refuse(future, full, trace);
  future.retriesLeft = iterates ? 0 : pool.retries;
  // A retry needs the arguments once more, so they are copied then.
  const moving = new Moves(rt, options.transfer, future.retriesLeft > 0 ? undefined : SupervisorHandover.of);
  try {
    const code = codeOf(rt.m, fn, pool.language, iterates);
    const refusal = pool.tasks.enqueue(future, code, kind, options, args, waited, moving);
    if (refusal !== undefined) return refuse(future, refusal, trace);
    pool.provideWorkers(future);
    // Only now that the task is in line: a refusal must leave the buffers as they were, and so does a failure of the only worker's boot.
    if (!future.done()) {
      moving.handover?.handOver();
      future.channel = moving.handover?.takeChannel();
      moving.sent();
    }
    if (taskSubmit.hasSubscribers) pool.tasks.tell(taskSubmit, future);
  } catch (error) {
    // Nothing is in line: `provideWorkers` has taken the task out again. `map` must learn at once that it can send no item.
    if (isLack(error) && !waited) return refuse(future, { reason: error }, trace);
    if (error instanceof NotShareableError) useSubmitter(error, trace);
    throw error;
  } finally {
    moving.done();
  }
  if (signal !== undefined) pool.tasks.stopOnAbort(future, signal);
  if (options.waitTimeout !== undefined) pool.tasks.limitWait(future, options.waitTimeout);
  return future;
}

/** As `submit`, of a task that gets one more argument to report its progress with. */
export function submitWithProgress<T>(
  pool: Pool,
  fn: Function,
  args: readonly unknown[],
  options: SubmitOptions,
  trace: Trace,
  listener: (value: never) => void,
): Future<T> {
  checkReadable(CODEC_JAVASCRIPT, pool.language, "the function to report with");
  const progress = new Progress(listener);
  const future = submit<T>(pool, fn, [...args, progress], options, trace);
  future.addDoneListener(() => progress.end());
  return future;
}

/** As `submit`, of a task of a group, which `signal` stops, too. The end of the group reports its failure. */
export function submitWithin<T>(
  signal: AbortSignal,
  pool: Pool,
  fn: Function,
  args: readonly unknown[],
  options: SubmitOptions,
  trace: Trace,
  how?: TaskHow,
): Future<T> {
  const either = options.signal && eitherSignal(options.signal, signal);
  const own = ownOptions({ ...options, signal: either?.signal ?? signal });
  let future: Future<T>;
  try {
    future = submit<T>(pool, fn, args, own, trace, how);
  } catch (error) {
    either?.leave();
    throw error;
  }
  future.abandon();
  if (either !== undefined) future.addDoneListener(either.leave);
  return future;
}

/** Fails a future whose task was not put in line. */
function refuse<T>(future: Future<T>, { reason }: Refusal, trace: Trace): Future<T> {
  if (reason instanceof QueueFull || isLack(reason)) useSubmitter(reason, trace);
  future.refuse(reason);
  return future;
}

/** A future that has failed already. Its failure is reported elsewhere, and is no unhandled rejection. */
export function refusedFuture<T>(
  owner: Owner<Future<unknown>>,
  error: unknown,
  options: SubmitOptions,
  trace: Trace,
): Future<T> {
  const future = new Future<T>(owner, trace, options);
  future.abandon();
  future.refuse(error);
  return future;
}

/** The group to which the tasks of a `map` belong. */
export interface MapGroup extends MapOwner {
  readonly submit: typeof submit<unknown>;
}

/** Starts a `map` whose items are turned into arguments by `toArgs`. */
export function map<I, O>(
  pool: Pool,
  what: string,
  fn: Function,
  toArgs: (item: I, index: number) => unknown[],
  source: Iterable<I> | AsyncIterable<I>,
  options: SubmitOptions,
  mapOptions: AnyMapOptions<I> = {},
  group?: MapGroup,
): AsyncGenerator<O, void, undefined> {
  pool.checkUsable();
  // A function that cannot travel fails the call of `map`, and not its first item.
  codeOf(pool.tasks.rt.m, fn, pool.language);
  const trace = takeTrace(fn);
  const submitTask = group?.submit ?? submit;
  const send: SubmitParcel = (args, each, chunk) =>
    submitTask(pool, fn, args, each, trace, { kind: chunk ? WORK_CALL_BATCH : WORK_CALL, waited: true });
  const { concurrency, maxWorkers, room, tasks } = pool;
  const refused = (error: unknown): Future<unknown> => refusedFuture(tasks, error, options, trace);
  const places = maxWorkers * concurrency;
  const mapping = { what, submit: send, refused, group, toArgs, places, room, trace };
  return mapOver(mapping, source, options, mapOptions);
}

/** The arguments that an item of `map` is. */
export function listOf(item: unknown): unknown[] {
  return [item];
}
