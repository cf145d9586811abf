/**
 * `map` and `starmap` of executors: their options, and what they check before the iteration (map-iteration.ts) begins.
 */
import { clock } from "../base/clock.js";
import { checkCount, checkOptions, checkSignal, checkTimeout, show } from "../base/check.js";
import { checkTransfer, type Movable } from "../transfer/transfer-list.js";
import type { Trace } from "../thread/trace.js";
import { ChunkSize } from "./chunks.js";
import type { Future } from "./future.js";
import { MapIteration, type Source } from "./map-iteration.js";
import type { SubmitOptions } from "./options.js";

/**
 * Options of `map` and `starmap`. An unknown option is a TypeError. (CPython: the parameters `timeout`, `chunksize` and
 * `buffersize` of `Executor.map`.)
 *
 * @typeParam I the items
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * function* naturals(): Generator<number> {
 *   for (let n = 0; ; n++) yield n;
 * }
 * const found: number[] = [];
 * for await (const square of executor.map((n: number) => n * n, naturals(), { chunksize: 10, buffersize: 40 })) {
 *   if (found.push(square) === 3) break;
 * }
 * console.log(found); // [ 0, 1, 4 ]
 */
export interface MapOptions<I = unknown> {
  /**
   * The most items that are pulled from the source and not yet consumed, from 1. Default: `4 × chunksize` for each task
   * that can run at a time (`maxWorkers` times `concurrency`).
   */
  buffersize?: number;
  /**
   * The most items that go to a worker at once, as one call batch. Default: 1. With many quick calls, a larger size saves
   * most of the cost of sending. `"auto"` adapts it to the time that the calls take.
   *
   * The calls of a call batch run one after another. A failure shows at its own item, but a worker that dies loses the
   * results of its whole call batch, and `retries` run the whole of it again. A time limit of `with` is that of each call.
   */
  chunksize?: number | "auto";
  /** Whether results come in the order of the items (default: true), or as they are done. */
  ordered?: boolean;
  /** Milliseconds, from the call of `map` on, within which each result must be there. Default: no limit. */
  timeout?: number;
  /** Ends the iteration, which then throws the signal's reason. Default: the signal of `with`. */
  signal?: AbortSignal;
  /** The buffers, MessagePorts, streams and FileHandles of an item to move instead of copy: they are detached here when the item is sent. Default: none. */
  transfer?: (item: I) => readonly Movable[];
}

const MAP_OPTIONS = ["buffersize", "chunksize", "ordered", "timeout", "signal", "transfer"];

/** Submits the arguments of one call, or of a call batch (`chunk`) a list of the arguments of each call. */
export type SubmitParcel = (
  args: readonly unknown[],
  options: SubmitOptions,
  chunk: boolean,
) => Future<unknown>;

/** What `mapOver` needs of the executor. */
export interface Mapping<I> {
  /** The name of the method, for messages. */
  readonly what: string;
  readonly submit: SubmitParcel;
  /** The arguments of an item's call. */
  readonly toArgs: (item: I) => unknown[];
  /** How many tasks can run at a time. */
  readonly places: number;
  /** Where the method was called. */
  readonly trace: Trace;
}

/** The arguments that an item of `starmap` is. */
export function argsOf(item: unknown): unknown[] {
  if (Array.isArray(item)) return item as unknown[];
  throw new TypeError(`starmap: each item must be an array of arguments, found ${show(item)}`);
}

/** @throws TypeError, RangeError a bad option or source. The rest is thrown by the iteration. */
export function mapOver<I, O>(
  mapping: Mapping<I>,
  source: Iterable<I> | AsyncIterable<I>,
  submitOptions: SubmitOptions,
  options: MapOptions<I>,
): AsyncGenerator<O, void, undefined> {
  const { what, submit, toArgs, places, trace } = mapping;
  checkMapOptions(what, options);
  if (submitOptions.transfer !== undefined) {
    throw new TypeError(
      `${what}: the \`transfer\` list of \`with\` is that of one task; use the option \`transfer\` of ${what} to move each item's buffers`,
    );
  }
  const { buffersize, chunksize = 1, ordered = true, transfer } = options;
  const timeout = checkTimeout(options.timeout);
  const signal = options.signal ?? submitOptions.signal;
  const each: SubmitOptions = { ...submitOptions, ...(signal && { signal }) };
  const send = (items: readonly I[], chunk: boolean): Future<unknown> => {
    const args = items.map(toArgs);
    const moved = transfer && items.flatMap((item) => transfer(item));
    if (moved !== undefined) checkTransfer(moved);
    return submit(chunk ? args : args[0], moved ? { ...each, transfer: moved } : each, chunk);
  };
  const plan = {
    what,
    places,
    trace,
    source: iterate(what, source),
    send,
    chunks: new ChunkSize(chunksize),
    buffersize,
    ordered,
    timeout,
    deadline: clock() + timeout,
    signal,
  };
  return new MapIteration<I, O>(plan).results();
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

function iterate<I>(what: string, source: Iterable<I> | AsyncIterable<I>): Source<I> {
  const sources = source as Partial<Iterable<I> & AsyncIterable<I>> | null | undefined;
  const asynchronous = sources?.[Symbol.asyncIterator];
  if (typeof asynchronous === "function") return asynchronous.call(source) as Source<I>;
  const synchronous = sources?.[Symbol.iterator];
  if (typeof synchronous === "function") return synchronous.call(source) as Source<I>;
  throw new TypeError(`${what}: expected an iterable or an async iterable, found ${show(source)}`);
}
