/**
 * Listening to abort signals. However many operations share a signal, a thread adds one listener to it, so that
 * Node does not warn of a leak.
 *
 * The listener is called even if an earlier one calls `stopImmediatePropagation`: an operation must not wait for ever because
 * other code handles the same event.
 */
import { addAbortListener } from "../platform/abort-listener.js";
import { queueMicrotask } from "../platform/microtasks.js";
import { LinkedList } from "./linked-list.js";
import { callSafely, reportError } from "./report.js";

// As they were when this was loaded: a program may replace them.
const { AbortController } = globalThis;

const listening = new WeakMap<AbortSignal, LinkedList<() => void>>();

/**
 * Calls `fn` when the signal aborts, until the returned function is called. If the signal has aborted already, in a getter of a
 * value that was encoded, for instance, calls it in a microtask.
 */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  if (signal.aborted) {
    const only = new LinkedList<() => void>();
    queueMicrotask(() => callAll(only));
    return leave(only, fn);
  }
  let callbacks = listening.get(signal);
  if (callbacks === undefined) {
    const all = new LinkedList<() => void>();
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
  return leave(callbacks, fn);
}

/**
 * A signal that aborts as soon as one of two does, until `leave` is called. (`AbortSignal.any` has no such end: a signal that lives
 * for as long as the program keeps a record of each signal that was made of it, on Node 20 for good.)
 */
export function eitherSignal(
  first: AbortSignal,
  second: AbortSignal,
): { readonly signal: AbortSignal; leave(): void } {
  const controller = new AbortController();
  const leaves = [first, second].map((each) => {
    const abort = (): void => controller.abort(each.reason);
    if (each.aborted) abort();
    return onAbort(each, abort);
  });
  return {
    signal: controller.signal,
    leave: () => {
      for (const leaveOne of leaves) leaveOne();
    },
  };
}

function leave(callbacks: LinkedList<() => void>, fn: () => void): () => void {
  const link = callbacks.add(fn);
  return () => callbacks.remove(link);
}

/** One that throws must not keep the abort from the others. */
function callAll(callbacks: LinkedList<() => void>): void {
  callbacks.forEach(callSafely);
}
