/**
 * Tasks over a source, with a bounded number of them under way: `Executor.map`.
 *
 * The source is pulled as long as fewer than `buffersize` items are submitted and not yet consumed, also while the
 * consumer waits for a result, so an asynchronous source that is slow delays nothing that is there already. When the
 * consumer stops, the source is closed and what was not begun is cancelled.
 */
import { checkSignal, checkTimeout, show } from "../check.js";
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
  const { buffersize = BUFFER_PER_WORKER * workers, ordered = true } = options;
  if (typeof buffersize !== "number" || !(buffersize >= 1)) {
    throw new RangeError(`map: buffersize must be at least 1, found ${show(buffersize)}`);
  }
  const timeout = checkTimeout(options.timeout);
  checkSignal(options.signal);
  return run(submit, iterate(source), { buffersize, ordered, timeout, signal: options.signal });
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
  options: { buffersize: number; ordered: boolean; timeout: number; signal: AbortSignal | undefined },
): AsyncGenerator<O, void, undefined> {
  const { buffersize, ordered, timeout, signal } = options;
  /** Submitted and not yet consumed, in order of the items or, where that does not matter, done ones first. */
  const window = new Set<Future<O>>();
  const done: Future<O>[] = [];
  let pulling = false;
  let ended = false;
  let failure: { error: unknown } | undefined;
  let wake = (): void => {};
  const fail = (error: unknown): void => {
    failure ??= { error };
    ended = true;
    wake();
  };
  const accept = (result: IteratorResult<I>): void => {
    pulling = false;
    if (result.done === true) ended = true;
    else {
      const future = submit(result.value);
      window.add(future);
      future.addDoneCallback(() => {
        done.push(future);
        wake();
      });
    }
    wake();
  };
  const pull = (): void => {
    while (!ended && !pulling && window.size < buffersize) {
      try {
        const result = source.next();
        pulling = true;
        if (isPromise(result)) result.then(accept).catch(fail);
        else accept(result);
      } catch (error) {
        fail(error);
      }
    }
  };
  const next = (): Future<O> | undefined => {
    if (!ordered) return done.shift();
    const [oldest] = window;
    return oldest?.done() === true ? oldest : undefined;
  };
  const onAbort = (): void => fail(signal!.reason);
  const timer =
    timeout === Infinity
      ? undefined
      : setTimeout(
          () => fail(new DOMException(`map: the results were not there within ${timeout} ms`, "TimeoutError")),
          Math.min(timeout, 0x7fffffff),
        );
  signal?.addEventListener("abort", onAbort, { once: true });
  let closed = false;
  try {
    signal?.throwIfAborted();
    for (;;) {
      pull();
      const future = next();
      if (future !== undefined) {
        window.delete(future);
        if (ordered) done.splice(done.indexOf(future), 1);
        yield await future;
      } else if (failure !== undefined && (window.size === 0 || !ordered || signal?.aborted === true)) {
        throw failure.error;
      } else if (ended && window.size === 0) {
        closed = true;
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    for (const future of window) {
      future.cancel();
      future.abandon();
    }
    // An iterator that ended or threw by itself is closed already.
    if (!closed && !ended) await source.return?.();
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown }).then === "function";
}
