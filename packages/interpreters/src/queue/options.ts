/** The options of operations on queues, and their check. */
import { checkOptions, checkRef, checkSignal, checkTimeout, noOptions, ownOptions } from "../base/check.js";
import { checkTransfer, type Movable } from "../transfer/transfer-list.js";
import type { UnboundItems } from "./unbound.js";

/**
 * Options of operations that wait on the event loop. An unknown option is a TypeError.
 *
 * @example
 * const queue = createQueue<string>();
 * console.log(await queue.get({ timeout: 10 }).catch((error) => error.name)); // QueueEmpty
 * // It waits for ever, and the process ends all the same.
 * queue.get({ ref: false }).catch(() => {});
 */
export interface WaitOptions {
  /** Milliseconds to wait; 0 tries once. Then the operation fails with QueueEmpty or QueueFull. Default: no limit. */
  timeout?: number | undefined;
  /** Ends the wait: the operation rejects with the signal's reason. Default: none. */
  signal?: AbortSignal | undefined;
  /** Whether the wait keeps the process alive, as a referenced timer does. Default: true. */
  ref?: boolean | undefined;
}

/** Options of operations that block this thread. An unknown option is a TypeError. */
export interface SyncOptions {
  /** Milliseconds to wait; 0 tries once. Then the operation throws QueueEmpty or QueueFull. Default: no limit. */
  timeout?: number | undefined;
  /** If it is aborted already, the operation throws its reason. No abort can reach a blocked thread. Default: none. */
  signal?: AbortSignal | undefined;
}

/** Options of operations that put one item. An unknown option is a TypeError. */
export interface PutOptions extends PutManyOptions {
  /**
   * Buffers, MessagePorts, streams, FileHandles and others (`Movable`) in the item to move instead of copy: they are detached here once the item is in the
   * queue. See `move`. Default: none.
   */
  transfer?: readonly Movable[] | undefined;
}

/** Options of operations that put several items. An unknown option is a TypeError. */
export interface PutManyOptions {
  /** The items' fate when this interpreter is destroyed. Default: the queue's `unboundItems`. */
  unboundItems?: UnboundItems | undefined;
}

const WAIT_SYNC = ["timeout", "signal"];
const WAIT = [...WAIT_SYNC, "ref"];
const PUT_NOWAIT = ["unboundItems", "transfer"];

/** No options. Passed by identity, so that a put without options need not be checked. */
export const NO_OPTIONS: PutOptions & WaitOptions = noOptions([...WAIT, ...PUT_NOWAIT]);

/** Checks the options of a get. Returns the time limit. @throws TypeError, RangeError; the signal's reason if it has aborted */
export function checkGetOptions(what: string, options: WaitOptions): number {
  return checkWait(what, options, []);
}

/** As `checkGetOptions`, for a put of one item. */
export function checkPutOptions(what: string, options: PutOptions & WaitOptions): number {
  if (options === NO_OPTIONS) return Infinity;
  if (options.transfer !== undefined) checkTransfer(options.transfer);
  return checkWait(what, options, ["unboundItems", "transfer"]);
}

/** As `checkGetOptions`, for a put of several items. */
export function checkPutManyOptions(what: string, options: PutManyOptions & WaitOptions): number {
  return checkWait(what, options, ["unboundItems"]);
}

/** As `checkPutOptions`, for a put that does not wait. Returns the given options, and no inherited ones. */
export function checkNowaitOptions(what: string, options: PutOptions): PutOptions {
  if (options === NO_OPTIONS) return options;
  checkOptions(what, options, PUT_NOWAIT);
  const given = ownOptions(options);
  if (given.transfer !== undefined) checkTransfer(given.transfer);
  return given;
}

/** Whether `shutdown` drops the items. @throws TypeError a bad option */
export function isImmediate(options: { immediate?: boolean | undefined }): boolean {
  checkOptions("shutdown", options, ["immediate"]);
  return ownOptions(options).immediate === true;
}

function checkWait(what: string, options: WaitOptions, more: readonly string[]): number {
  if (options === NO_OPTIONS) return Infinity;
  checkOptions(what, options, [...(what.endsWith("Sync") ? WAIT_SYNC : WAIT), ...more]);
  const { timeout, signal, ref } = ownOptions(options);
  checkRef(what, ref);
  checkSignal(signal);
  const limit = checkTimeout(timeout);
  signal?.throwIfAborted();
  return limit;
}
