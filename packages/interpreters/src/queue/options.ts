/** The options of operations that wait, and their check. */
import { checkSignal, checkTimeout } from "../base/check.js";
import type { UnboundItems } from "./unbound.js";

/** Options of operations that wait on the event loop. */
export interface WaitOptions {
  /** Milliseconds to wait; 0 tries once. Then the operation fails with QueueEmpty or QueueFull. Default: no limit. */
  timeout?: number | undefined;
  /** Ends the wait: the operation rejects with the signal's reason. Default: none. */
  signal?: AbortSignal | undefined;
}

/** Options of operations that block this thread. No signal can reach a blocked thread. */
export interface SyncOptions {
  /** Milliseconds to wait; 0 tries once. Then the operation throws QueueEmpty or QueueFull. Default: no limit. */
  timeout?: number | undefined;
}

/** Options of operations that put items. */
export interface PutOptions {
  /** The item's fate when this interpreter is destroyed. Default: the queue's `unboundItems`. */
  unboundItems?: UnboundItems | undefined;
}

/** Returns the time limit. @throws TypeError, RangeError a bad option; the signal's reason if it has aborted */
export function checkWait({ timeout, signal }: WaitOptions): number {
  checkSignal(signal);
  const limit = checkTimeout(timeout);
  signal?.throwIfAborted();
  return limit;
}
