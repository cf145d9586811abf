/**
 * Tasks over a source, with a bounded number of them under way: `map` and `starmap` of executors.
 *
 * The source is pulled as long as fewer than `buffersize` items are pulled and not yet consumed, also while the consumer
 * waits for a result, so an asynchronous source that is slow delays nothing that is there already. When the consumer
 * stops, the source is closed and what was not begun is cancelled.
 *
 * Items are sent in chunks. One that is not full goes all the same where nothing more can be pulled now and a worker may
 * have nothing to do.
 */
import { clock } from "../base/clock.js";
import { onAbort } from "../base/abort.js";
import { checkCount, checkOptions, checkSignal, checkTimeout, show } from "../base/check.js";
import { checkTransfer } from "../transfer/transfer-list.js";
import type { Trace } from "../thread/trace.js";
import { ChunkSize, type Parcel, type Results, resultsOf } from "./chunks.js";
import type { Future } from "./future.js";
import type { SubmitOptions } from "./options.js";
import { startTimer, stopTimer } from "../base/timer.js";

export interface MapOptions<I = unknown> {
  /** Most items pulled and not yet consumed; default: four chunks for each worker (times its `concurrency`). */
  buffersize?: number;
  /**
   * How many items go to a worker at once, at most; default 1. With many quick calls a larger one saves most of what
   * sending costs. `auto` finds one by how long the calls take. The calls of a chunk run one after another; a failure
   * shows at its own item, but a worker that dies takes the results of its whole chunk with it, and with `retries` all
   * of the chunk is run again. A time limit is that of each call.
   */
  chunksize?: number | "auto";
  /** Results in the order of the items (the default), or as they come. */
  ordered?: boolean;
  /** Milliseconds, from the call on, within which each result must be there. */
  timeout?: number;
  signal?: AbortSignal;
  /** The buffers of an item to move instead of copy; see `with`. */
  transfer?: (item: I) => readonly ArrayBuffer[];
}

/** Chunks under way, by default, for each that can run: the others hide the way there and back. */
const CHUNKS_IN_PLACE = 4;
const MAP_OPTIONS = ["buffersize", "chunksize", "ordered", "timeout", "signal", "transfer"];

/** Submits the arguments of one call; of several, where it is a chunk. */
export type SubmitParcel = (
  args: readonly unknown[],
  options: SubmitOptions,
  chunk: boolean,
) => Future<unknown>;

/** How `mapOver` reaches the pool. */
export interface Mapping<I> {
  /** What messages call it. */
  readonly what: string;
  readonly submit: SubmitParcel;
  /** The arguments of an item's call. */
  readonly toArgs: (item: I) => unknown[];
  /** How many tasks can run at a time. */
  readonly places: number;
  readonly trace: Trace;
}

/** An item of `starmap`. */
export function argsOf(item: unknown): unknown[] {
  if (Array.isArray(item)) return item as unknown[];
  throw new TypeError(`starmap: each item must be an array of arguments, found ${show(item)}`);
}

export function mapOver<I, O>(
  mapping: Mapping<I>,
  source: Iterable<I> | AsyncIterable<I>,
  submitOptions: SubmitOptions,
  options: MapOptions<I>,
): AsyncGenerator<O, void, undefined> {
  const { what, submit, toArgs } = mapping;
  checkMapOptions(what, options);
  if (submitOptions.transfer !== undefined) {
    throw new TypeError(`${what}: the buffers that \`with\` was given to move are those of one task`);
  }
  const { buffersize, chunksize = 1, ordered = true, transfer } = options;
  const timeout = checkTimeout(options.timeout);
  const deadline = { timeout, at: clock() + timeout };
  const signal = options.signal ?? submitOptions.signal;
  const each: SubmitOptions = { ...submitOptions, ...(signal && { signal }) };
  const send = (items: readonly I[], chunk: boolean): Future<unknown> => {
    const args = items.map(toArgs);
    const moved = transfer && items.flatMap((item) => transfer(item));
    if (moved !== undefined) checkTransfer(moved);
    return submit(chunk ? args : args[0], moved ? { ...each, transfer: moved } : each, chunk);
  };
  const limits = { buffersize, ordered, deadline, signal };
  return run(mapping, send, iterate(what, source), new ChunkSize(chunksize), limits);
}

function checkMapOptions<I>(what: string, options: MapOptions<I>): void {
  checkOptions(what, options, MAP_OPTIONS);
  const { buffersize, chunksize = 1, transfer } = options;
  if (buffersize !== undefined) checkCount(`${what}: buffersize`, buffersize, 1);
  if (chunksize !== "auto") checkCount(`${what}: chunksize`, chunksize, 1);
  checkTimeout(options.timeout);
  checkSignal(options.signal);
  if (transfer !== undefined && typeof transfer !== "function") {
    throw new TypeError(`${what}: transfer must be a function of an item, found ${show(transfer)}`);
  }
}

/** Milliseconds given, and the time by which they are over. */
interface Deadline {
  readonly timeout: number;
  readonly at: number;
}

type Source<I> = { next(): IteratorResult<I> | Promise<IteratorResult<I>>; return?(): unknown };

function iterate<I>(what: string, source: Iterable<I> | AsyncIterable<I>): Source<I> {
  const sources = source as Partial<Iterable<I> & AsyncIterable<I>> | null | undefined;
  const asynchronous = sources?.[Symbol.asyncIterator];
  if (typeof asynchronous === "function") return asynchronous.call(source) as Source<I>;
  const synchronous = sources?.[Symbol.iterator];
  if (typeof synchronous === "function") return synchronous.call(source) as Source<I>;
  throw new TypeError(`${what}: expected an iterable or an async iterable, found ${show(source)}`);
}

interface Limits {
  readonly buffersize: number | undefined;
  readonly ordered: boolean;
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
}

async function* run<I, O>(
  { what, places, trace }: Mapping<I>,
  submit: (items: readonly I[], chunk: boolean) => Future<unknown>,
  source: Source<I>,
  chunks: ChunkSize,
  { buffersize, ordered, deadline, signal }: Limits,
): AsyncGenerator<O, void, undefined> {
  /** Submitted and not yet consumed, in the order of the items. */
  const window = new Set<Parcel>();
  /** Those of them that are done, as they came. Kept only where the order does not matter. */
  const done: Parcel[] = [];
  /** Of those not done. */
  let underWay = 0;
  /** Pulled and not yet submitted. */
  let gathered: I[] = [];
  /** Pulled and not yet consumed. */
  let held = 0;
  let pulling = false;
  /** The source ended, or threw, by itself: it is closed already. */
  let exhausted = false;
  /** The consumer left: an item that arrives now is nobody's. */
  let over = false;
  /** Thrown when everything that came before it was consumed; and thrown at once. */
  let failure: { error: unknown } | undefined;
  let stop: { error: unknown } | undefined;
  let wake = (): void => {};

  const send = (items: I[], chunk: boolean): void => {
    const parcel: Parcel = { future: submit(items, chunk), chunk, size: items.length };
    const { future } = parcel;
    // It is looked at when its turn comes; until then its failure is not an unhandled one.
    future.abandon();
    window.add(parcel);
    underWay++;
    future.addDoneCallback(() => {
      underWay--;
      chunks.learn(parcel);
      if (!ordered) done.push(parcel);
      wake();
    });
  };
  const flush = (): void => {
    const items = gathered;
    gathered = [];
    try {
      try {
        send(items, !chunks.single);
      } catch (error) {
        if (items.length === 1) throw error;
        // One of them cannot travel: those before it can.
        for (const item of items) send([item], false);
      }
    } catch (error) {
      failure ??= { error };
    }
  };
  const accept = (result: IteratorResult<I>): void => {
    pulling = false;
    if (over) return;
    if (result.done === true) exhausted = true;
    else {
      gathered.push(result.value);
      held++;
      if (gathered.length >= chunks.size) flush();
    }
    wake();
  };
  const sourceFailed = (error: unknown): void => {
    pulling = false;
    exhausted = true;
    failure ??= { error };
    wake();
  };
  const pull = (): void => {
    while (!exhausted && failure === undefined && !pulling) {
      if (held >= (buffersize ?? CHUNKS_IN_PLACE * places * chunks.size)) break;
      let result: IteratorResult<I> | Promise<IteratorResult<I>>;
      try {
        result = source.next();
      } catch (error) {
        sourceFailed(error);
        break;
      }
      pulling = true;
      if (isPromise(result)) result.then(accept, sourceFailed);
      else accept(result);
    }
    if (gathered.length > 0 && (exhausted || underWay < places)) flush();
  };
  const next = (): Parcel | undefined => {
    if (!ordered) return done.shift();
    const [oldest] = window;
    return oldest?.future.done() ? oldest : undefined;
  };
  const stopWith = (error: unknown): void => {
    stop ??= { error };
    wake();
  };
  const onTimeout = (): void =>
    stopWith(
      new DOMException(`${what}: the results were not there within ${deadline.timeout} ms`, "TimeoutError"),
    );
  signal?.throwIfAborted();
  const stopListening = signal && onAbort(signal, () => stopWith(signal.reason));
  /** Of the parcel that is being consumed. */
  let results: Results<O> | undefined;
  let at = 0;
  try {
    for (;;) {
      pull();
      if (clock() > deadline.at) onTimeout();
      if (stop !== undefined) throw stop.error;
      if (results !== undefined && at < results.values.length) {
        held--;
        yield take(results, at++);
        continue;
      }
      if (results?.failure !== undefined) throw results.failure.error;
      const parcel = next();
      if (parcel !== undefined) {
        window.delete(parcel);
        results = resultsOf<O>(parcel, trace);
        at = 0;
      } else if (window.size > 0 || (!exhausted && failure === undefined)) {
        // Only while somebody waits here may a timer keep the process alive.
        const left = deadline.at - clock();
        const timer = startTimer(left, onTimeout);
        await new Promise<void>((resolve) => (wake = resolve));
        stopTimer(timer);
      } else if (failure !== undefined) throw failure.error;
      else return;
    }
  } finally {
    over = true;
    stopListening?.();
    for (const { future } of window) future.cancel();
    if (!exhausted && source.return !== undefined) {
      const closing = source.return();
      // Behind a next() that is under way it may never come; nobody waits for that.
      if (pulling) Promise.resolve(closing).catch(() => {});
      else await closing;
    }
  }
}

/** What was given to the consumer is the consumer's alone: it may be large. */
function take<O>({ values }: Results<O>, at: number): O {
  const value = values[at];
  delete values[at];
  return value;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown }).then === "function";
}
