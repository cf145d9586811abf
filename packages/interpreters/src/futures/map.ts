/**
 * `map` and `starmap` of executors: their options, and what they check before the iteration (map-iteration.ts) begins.
 */
import { clock } from "../base/clock.js";
import { checkCount, checkOptions, checkSignal, checkTimeout, ownOptions, show } from "../base/check.js";
import { checkTransfer, type Movable } from "../transfer/transfer-list.js";
import { copyOf } from "../wire/message.js";
import type { Trace } from "../thread/trace.js";
import { ChunkSize } from "./chunks.js";
import type { Future } from "./future.js";
import { MapIteration, type MapOwner, type Sent } from "./map-iteration.js";
import type { SubmitOptions } from "./options.js";
import type { Room } from "./room.js";
import { Source } from "./source.js";

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
 * for await (const square of executor.map((n: number) => n * n, naturals(), { chunksize: 10, buffersize: 40, ordered: true })) {
 *   if (found.push(square) === 3) break;
 * }
 * console.log(found); // [ 0, 1, 4 ]
 */
export interface MapOptions<I = unknown> {
  /**
   * The most items that are pulled from the source and not yet consumed, from 1. Default: `4 × chunksize` for each task
   * that can run at a time (`maxWorkers` times `concurrency`).
   */
  buffersize?: number | undefined;
  /**
   * The most items that go to a worker at once, as one call batch. Default: 1. With many quick calls, a larger size saves
   * most of the cost of sending. `"auto"` adapts it to the time that the calls take.
   *
   * The calls of a call batch run one after another. A failure shows at its own item, but a worker that dies loses the
   * results of its whole call batch, and `retries` run the whole of it again. A time limit of `with` is that of each call.
   */
  chunksize?: number | "auto" | undefined;
  /** Whether results come in the order of the items (default: true), or as they are done. */
  ordered?: boolean | undefined;
  /** Not set: the first failure ends the iteration. See `SettledMapOptions`. */
  settled?: false | undefined;
  /** Milliseconds, from the call of `map` on, within which each result must be there. Default: no limit. */
  timeout?: number | undefined;
  /** Ends the iteration, which then throws the signal's reason. Default: the signal of `with`. */
  signal?: AbortSignal | undefined;
  /**
   * The buffers, MessagePorts, streams, FileHandles and others (`Movable`) of an item to move instead of copy: they are detached here when the item is
   * sent. Default: none.
   */
  transfer?: ((item: I) => readonly Movable[]) | undefined;
}

/**
 * Options of a `map` that yields how the call for each item ended (`MapOutcome`), and goes on after one that failed.
 *
 * Each item has one outcome. An item that cannot travel, or whose result cannot, is a failure of its own; an interpreter that dies
 * fails all items of its call batch. A failure that belongs to no item still ends the iteration: an exception of the source, the
 * timeout, the signal, the end of the pool.
 *
 * @typeParam I the items
 */
export interface SettledMapOptions<I = unknown> extends Omit<MapOptions<I>, "settled"> {
  /** Set: whether the call for an item fails or not, its outcome is yielded. */
  settled: true;
}

/** All options of `map`. */
export type AnyMapOptions<I> = MapOptions<I> | SettledMapOptions<I>;

/**
 * How the call for an item of `map(…, { settled: true })` ended, in the shape of `Promise.allSettled`: `status`, and `value` or
 * `reason`. `index` is that of the item in the source.
 *
 * @typeParam T the (awaited) result of the function
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * const parse = (text: string): unknown => JSON.parse(text);
 * for await (const outcome of executor.map(parse, ["1", "{", "2"], { settled: true })) {
 *   if (outcome.status === "rejected") console.log(outcome.index, String(outcome.reason));
 * }
 */
export type MapOutcome<T> = { readonly index: number } & PromiseSettledResult<T>;

const MAP_OPTIONS = ["buffersize", "chunksize", "ordered", "settled", "timeout", "signal", "transfer"];

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
  /** A future that failed with an error. */
  readonly refused: (error: unknown) => Future<unknown>;
  /** The group to which the tasks belong, if any. */
  readonly group?: MapOwner | undefined;
  /** The arguments of an item's call. */
  readonly toArgs: (item: I, index: number) => unknown[];
  /** How many tasks can run at a time. */
  readonly places: number;
  readonly room: Room;
  /** Where the method was called. */
  readonly trace: Trace;
}

/** The arguments that an item of `starmap` is. */
export function argsOf(item: unknown, index: number): unknown[] {
  if (Array.isArray(item)) return item as unknown[];
  throw new TypeError(
    `starmap: each item must be an array of arguments, found ${show(item)} as item ${index}`,
  );
}

/** @throws TypeError, RangeError a bad option or source. The rest is thrown by the iteration. */
export function mapOver<I, O>(
  mapping: Mapping<I>,
  source: Iterable<I> | AsyncIterable<I>,
  submitOptions: SubmitOptions,
  options: AnyMapOptions<I>,
): AsyncGenerator<O, void, undefined> {
  const { what, submit, refused, group, toArgs, places, room, trace } = mapping;
  options = ownOptions(options);
  checkMapOptions(what, options);
  if (submitOptions.transfer !== undefined) {
    throw new TypeError(
      `${what}: the \`transfer\` list of \`with\` is that of one task; use the option \`transfer\` of ${what} to move each item's buffers`,
    );
  }
  const { buffersize, chunksize = 1, ordered = true, settled = false, transfer } = options;
  const timeout = checkTimeout(options.timeout);
  const signal = options.signal ?? submitOptions.signal;
  const each: SubmitOptions = ownOptions({ ...submitOptions, ...(signal && { signal }) });
  const send = (items: readonly I[], first: number, chunk: boolean): Sent => {
    const args = items.map((item, i) => toArgs(item, first + i));
    const moved = transfer && items.flatMap((item) => transfer(item));
    if (moved !== undefined) checkTransfer(moved);
    const lists = settled && items.length > 1 ? keptLists(args) : args;
    const future = submit(chunk ? lists : lists[0], moved ? { ...each, transfer: moved } : each, chunk);
    return { future, lists };
  };
  const plan = {
    what,
    places,
    room,
    trace,
    source: new Source(what, source),
    send,
    sendLists: (lists: readonly unknown[][]): Future<unknown> => submit(lists, each, true),
    refused,
    group,
    // Moved buffers cannot be sent twice.
    single: settled && transfer !== undefined,
    chunks: new ChunkSize(chunksize),
    buffersize,
    ordered,
    settled,
    timeout,
    deadline: clock() + timeout,
    signal,
  };
  // `settled` decides what it yields; the overloads of `map` say so to the compiler.
  return new MapIteration<I>(plan).results() as AsyncGenerator<O, void, undefined>;
}

/**
 * The arguments of several calls, such that those after a call that fails can be sent again as they are now, whatever the caller
 * does with the items meanwhile.
 *
 * @throws NotShareableError they cannot travel, or `move` names buffers in them: each call must be sent alone
 */
function keptLists(args: readonly unknown[][]): unknown[][] {
  return args.flat().every(isPrimitive) ? [...args] : copyOf([...args], "args");
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function");
}

function checkMapOptions<I>(what: string, options: AnyMapOptions<I>): void {
  checkOptions(what, options, MAP_OPTIONS);
  const { buffersize, chunksize = 1, ordered, settled, transfer } = options;
  for (const [name, value] of Object.entries({ ordered, settled })) {
    if (value !== undefined && typeof value !== "boolean") {
      throw new TypeError(`${what}: ${name} must be a boolean, found ${show(value)}`);
    }
  }
  if (buffersize !== undefined) checkCount(`${what}: buffersize`, buffersize, 1);
  if (chunksize !== "auto") checkCount(`${what}: chunksize`, chunksize, 1);
  checkTimeout(options.timeout);
  checkSignal(options.signal);
  if (transfer !== undefined && typeof transfer !== "function") {
    throw new TypeError(`${what}: transfer must be a function of an item, found ${show(transfer)}`);
  }
}
