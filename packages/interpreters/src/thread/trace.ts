/**
 * Where an operation was asked for, for the stack of the error that it may end with.
 *
 * Collecting a stack costs more than an empty task does. So of many operations with the same function within one turn of
 * the event loop (a loop that submits thousands), those after the first few share the trace of the last of these.
 */

import { setImmediate } from "../platform/timers.js";
import { callerFrames } from "../base/stacks.js";

/** Carries a stack; formatted only when somebody reads it. */
export interface Trace {
  stack?: string;
}

/**
 * Traces taken in one turn before they are shared. Enough for what code does that names each operation; more would be most of the
 * cost of a task (with 64 here, 64 empty tasks at a time, with as many traces as tasks, went three times slower than with 8).
 */
const EXACT = 4;

let taken = 0;
let shared: { of: unknown; trace: Trace } | undefined;

/** Where this is. `of`: what operations must have in common to share one. */
export function takeTrace(of: unknown): Trace {
  if (taken >= EXACT && shared !== undefined && shared.of === of) return shared.trace;
  const trace: Trace = {};
  Error.captureStackTrace(trace, takeTrace);
  if (taken++ === 0) setImmediate(nextTurn).unref();
  if (taken >= EXACT) shared = { of, trace };
  return trace;
}

/** Gives an error made while answering the stack of the place that asked. */
export function useTrace(error: Error, trace: Trace | undefined): void {
  const frames = callerFrames(trace?.stack);
  if (frames === "") return;
  Object.defineProperty(error, "stack", {
    value: `${error.name}: ${error.message}\n${frames}`,
    writable: true,
    configurable: true,
  });
}

function nextTurn(): void {
  taken = 0;
  shared = undefined;
}
