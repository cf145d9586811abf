/**
 * Tasks over a source, with a bounded number of them under way: `Executor.map`.
 *
 * The source is pulled as long as fewer than `buffersize` items are submitted and not yet consumed, also while the
 * consumer waits for a result, so an asynchronous source that is slow delays nothing that is there already. When the
 * consumer stops, the source is closed and what was not begun is cancelled.
 */
import { performance } from "node:perf_hooks";
import { onAbort } from "../abort.js";
import { checkCount, checkOptions, checkSignal, checkTimeout, show } from "../check.js";
import type { Future } from "./future.js";

export interface MapOptions {
  /** Most items submitted and not yet consumed; default: four times the workers. */
  buffersize?: number;
  /** Results in the order of the items (the default), or as they come. */
  ordered?: boolean;
  /** Milliseconds, from the call on, within which each result must be there. */
  timeout?: number;
  signal?: AbortSignal;
}

/** Items per worker that are under way by default: one runs, the others hide the way there and back. */
const BUFFER_PER_WORKER = 4;

export function mapOver<I, O>(
  submit: (item: I) => Future<O>,
  source: Iterable<I> | AsyncIterable<I>,
  options: MapOptions,
  workers: number,
): AsyncGenerator<O, void, undefined> {
  checkOptions("map", options, ["buffersize", "ordered", "timeout", "signal"]);
  const { buffersize = BUFFER_PER_WORKER * workers, ordered = true } = options;
  checkCount("map: buffersize", buffersize, 1);
  const timeout = checkTimeout(options.timeout);
  checkSignal(options.signal);
  const deadline = { timeout, at: performance.now() + timeout };
  return run(submit, iterate(source), { buffersize, ordered, deadline, signal: options.signal });
}

/** Milliseconds given, and the time by which they are over. */
interface Deadline {
  readonly timeout: number;
  readonly at: number;
}

type Source<I> = { next(): IteratorResult<I> | Promise<IteratorResult<I>>; return?(): unknown };

function iterate<I>(source: Iterable<I> | AsyncIterable<I>): Source<I> {
  const sources = source as Partial<Iterable<I> & AsyncIterable<I>> | null | undefined;
  const asynchronous = sources?.[Symbol.asyncIterator];
  if (typeof asynchronous === "function") return asynchronous.call(source) as Source<I>;
  const synchronous = sources?.[Symbol.iterator];
  if (typeof synchronous === "function") return synchronous.call(source) as Source<I>;
  throw new TypeError(`map: expected an iterable or an async iterable, found ${show(source)}`);
}

async function* run<I, O>(
  submit: (item: I) => Future<O>,
  source: Source<I>,
  options: { buffersize: number; ordered: boolean; deadline: Deadline; signal: AbortSignal | undefined },
): AsyncGenerator<O, void, undefined> {
  const { buffersize, ordered, deadline, signal } = options;
  /** Submitted and not yet consumed, in the order of the items. */
  const window = new Set<Future<O>>();
  /** Those of them that are done, as they came. Kept only where the order does not matter. */
  const done: Future<O>[] = [];
  let pulling = false;
  /** The source ended, or threw, by itself: it is closed already. */
  let exhausted = false;
  /** The consumer left: an item that arrives now is nobody's. */
  let over = false;
  /** Thrown when everything that came before it was consumed; and thrown at once. */
  let failure: { error: unknown } | undefined;
  let stop: { error: unknown } | undefined;
  let wake = (): void => {};

  const accept = (result: IteratorResult<I>): void => {
    pulling = false;
    if (over) return;
    try {
      if (result.done === true) exhausted = true;
      else {
        const future = submit(result.value);
        // It is looked at when its turn comes; until then its failure is not an unhandled one.
        future.abandon();
        window.add(future);
        future.addDoneCallback(() => {
          if (!ordered) done.push(future);
          wake();
        });
      }
    } catch (error) {
      failure ??= { error };
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
    while (!exhausted && failure === undefined && !pulling && window.size < buffersize) {
      let result: IteratorResult<I> | Promise<IteratorResult<I>>;
      try {
        result = source.next();
      } catch (error) {
        sourceFailed(error);
        return;
      }
      pulling = true;
      if (isPromise(result)) result.then(accept, sourceFailed);
      else accept(result);
    }
  };
  const next = (): Future<O> | undefined => {
    if (!ordered) return done.shift();
    const [oldest] = window;
    return oldest?.done() ? oldest : undefined;
  };
  const stopWith = (error: unknown): void => {
    stop ??= { error };
    wake();
  };
  const onTimeout = (): void =>
    stopWith(
      new DOMException(`map: the results were not there within ${deadline.timeout} ms`, "TimeoutError"),
    );
  signal?.throwIfAborted();
  const stopListening = signal && onAbort(signal, () => stopWith(signal.reason));
  try {
    for (;;) {
      pull();
      if (performance.now() > deadline.at) onTimeout();
      const future = next();
      if (stop !== undefined) throw stop.error;
      if (future !== undefined) {
        window.delete(future);
        yield await future;
      } else if (window.size > 0 || (!exhausted && failure === undefined)) {
        // Only while somebody waits here may a timer keep the process alive.
        const left = deadline.at - performance.now();
        const timer = left === Infinity ? undefined : setTimeout(onTimeout, Math.min(left, 0x7fffffff));
        await new Promise<void>((resolve) => (wake = resolve));
        clearTimeout(timer);
      } else if (failure !== undefined) throw failure.error;
      else return;
    }
  } finally {
    over = true;
    stopListening?.();
    for (const future of window) future.cancel();
    if (!exhausted && source.return !== undefined) {
      const closing = source.return();
      // Behind a next() that is under way it may never come; nobody waits for that.
      if (pulling) Promise.resolve(closing).catch(() => {});
      else await closing;
    }
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown }).then === "function";
}
