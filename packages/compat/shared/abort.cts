import type { EventEmitter } from "node:events";

/** As much of an EventTarget as is needed. */
export interface AbortSignalEventTarget {
  addEventListener: (name: "abort", listener: () => void, options?: { once: boolean }) => void;
  removeEventListener: (name: "abort", listener: () => void) => void;
  aborted?: boolean;
  reason?: unknown;
}

/** As much of an EventEmitter as is needed. */
export interface AbortSignalEventEmitter {
  off: (name: "abort", listener: () => void) => void;
  once: (name: "abort", listener: () => void) => void;
}

/** An AbortSignal, or whatever else emits `abort`. */
export type AbortSignalAny = AbortSignalEventTarget | AbortSignalEventEmitter;

/** Calls `listener` when the signal aborts. Returns what takes it back. */
export function onAbort(signal: AbortSignalAny, listener: () => void): () => void {
  if ("addEventListener" in signal) {
    signal.addEventListener("abort", listener, { once: true });
    return () => signal.removeEventListener("abort", listener);
  }
  signal.once("abort", listener);
  return () => (signal as unknown as EventEmitter).removeListener("abort", listener);
}

/** Whether the signal has aborted. An emitter cannot say. */
export const isAborted = (signal: AbortSignalAny): boolean =>
  ("aborted" in signal && signal.aborted) ?? false;

/** The reason of a signal that has aborted. An emitter has none. */
export const abortReason = (signal: AbortSignalAny): unknown =>
  "reason" in signal ? signal.reason : undefined;
