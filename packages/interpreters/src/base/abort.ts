/**
 * Listening to abort signals. However many operations share a signal, a thread adds one listener to it, so that
 * Node does not warn of a leak.
 *
 * The listener is called even if an earlier one calls `stopImmediatePropagation`: an operation must not wait for ever because
 * other code handles the same event.
 */
import { addAbortListener } from "../platform/abort-listener.js";
import { queueMicrotask } from "../platform/microtasks.js";
import { callSafely, reportError } from "./report.js";

const listening = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `fn` when the signal aborts, until the returned function is called. If the signal has aborted already, in a getter of a
 * value that was encoded, for instance, calls it in a microtask.
 */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  if (signal.aborted) {
    const only = new Set([fn]);
    queueMicrotask(() => callAll(only));
    return () => only.delete(fn);
  }
  let callbacks = listening.get(signal);
  if (callbacks === undefined) {
    const all = new Set<() => void>();
    try {
      addAbortListener(signal, () => callAll(all));
    } catch (error) {
      // The `addEventListener` of user code threw. The operation is under way, so it has its outcome, but it cannot be aborted.
      reportError(error);
      return () => {};
    }
    callbacks = all;
    listening.set(signal, all);
  }
  callbacks.add(fn);
  return () => callbacks.delete(fn);
}

/** One that throws must not keep the abort from the others. */
function callAll(callbacks: ReadonlySet<() => void>): void {
  for (const each of callbacks) callSafely(each);
}
