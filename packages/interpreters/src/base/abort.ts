/**
 * Listening to abort signals. However many operations share a signal, this package adds one listener to it per thread, so
 * that Node does not warn of a leak where there is none.
 */

const listening = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `fn` when the signal aborts, until the returned function is called. The signal must not have aborted yet. */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  let callbacks = listening.get(signal);
  if (callbacks === undefined) {
    const all = new Set<() => void>();
    callbacks = all;
    listening.set(signal, all);
    const abort = (): void => {
      for (const each of all) each();
    };
    signal.addEventListener("abort", abort, { once: true });
  }
  callbacks.add(fn);
  return () => callbacks.delete(fn);
}
