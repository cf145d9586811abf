import { EventEmitter } from "node:events";

const { addAbortListener: add } = EventEmitter;

/**
 * The signals of which `AbortSignal.any` made a signal that has a listener. On Node 20 nothing else keeps them: one of `AbortSignal.timeout`
 * would be collected, and an operation would wait for ever.
 */
const sources = new WeakMap<AbortSignal, readonly unknown[]>();

export const addAbortListener: typeof add = (signal, listener) => {
  keepSources(signal);
  return add(signal, listener);
};

function keepSources(signal: AbortSignal): void {
  const key = Object.getOwnPropertySymbols(signal).find(
    ({ description }) => description === "kSourceSignals",
  );
  const found = key && (signal as unknown as Record<symbol, Partial<Iterable<WeakRef<object>>>>)[key];
  if (typeof found?.[Symbol.iterator] !== "function") return;
  sources.set(
    signal,
    [...(found as Iterable<WeakRef<object>>)].map((each) => each.deref()),
  );
}
