/**
 * Where user code began an operation: the stack for the error that it may end with.
 *
 * Collecting a stack costs more than an empty task does. So of many operations with the same function within one turn of
 * the event loop (a loop that submits thousands), only the first EXACT get a trace of their own; the others share the last one.
 */

import { setImmediate } from "../platform/timers.js";
import { callerFrames, captureStackTrace, stackOf } from "../base/stacks.js";

/** Carries a stack, which is formatted only when `stack` is read. */
export interface Trace {
  stack?: unknown;
}

/**
 * How many traces are taken in one turn before they are shared: enough for code that writes each operation out. More would be
 * most of the cost of a task: with 64 here, 64 empty tasks at a time, which then have a trace each, took three times as long as with 8.
 */
const EXACT = 4;

let taken = 0;
let shared: { of: unknown; trace: Trace } | undefined;

/** Returns a trace of the caller. Operations share one only if their `of` is the same. */
export function takeTrace(of: unknown): Trace {
  if (taken >= EXACT && shared !== undefined && shared.of === of) return shared.trace;
  const trace: Trace = {};
  try {
    captureStackTrace(trace, takeTrace);
  } catch {
    // The program had replaced the function before this was loaded: there is no trace.
  }
  if (taken++ === 0) setImmediate(nextTurn).unref();
  if (taken >= EXACT) shared = { of, trace };
  return trace;
}

/** Gives an error that was made while settling an operation the stack of the place that began it. */
export function useTrace(error: Error, trace: Trace | undefined): void {
  const frames = callerFrames(stackOf(trace));
  if (frames === "") return;
  try {
    const value = `${error.name}: ${error.message}\n${frames}`;
    // To define the property of an error whose stack was never read, the runtime formats it first, by the program's prepareStackTrace.
    error.stack = value;
    Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
  } catch {
    // A getter of user code on a prototype threw. The error keeps the stack that it has.
  }
}

function nextTurn(): void {
  taken = 0;
  shared = undefined;
}
