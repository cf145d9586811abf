/**
 * Where user code began an operation: the stack for the error that it may end with.
 *
 * Collecting a stack costs more than an empty task does, and takes two thirds of a call there and back. So of many operations with the same function
 * within a millisecond (a loop that submits thousands, or awaits one after the other), only the first EXACT get a trace of their own; the
 * others share the last one.
 */

import { setImmediate } from "../platform/timers.js";
import { clock } from "../base/clock.js";
import { callerFrames, captureStackTrace, stackOf } from "../base/stacks.js";

/** Carries a stack, which is formatted only when `stack` is read. */
export interface Trace {
  stack?: unknown;
}

interface TraceOf extends Trace {
  readonly of: unknown;
}

/**
 * How many traces are taken before they are shared: enough for code that writes each operation out. More would be
 * most of the cost of a task: with 64 here, 64 empty tasks at a time, which then have a trace each, took three times as long as with 8.
 */
const EXACT = 4;
/** Milliseconds, from the first of these on. Looked at once in a turn of the event loop. */
const WINDOW = 1;

let began = -Infinity;
let taken = 0;
let inTurn = false;
/** The last trace, for the rest of this turn. */
let shared: TraceOf | undefined;
/** And for later ones: an unformatted stack keeps the receivers of its calls alive, so only operations may hold it for longer. */
let recent: WeakRef<TraceOf> | undefined;

/** Returns a trace of the caller. Operations share one only if their `of` is the same. */
export function takeTrace(of: unknown): Trace {
  if (!inTurn) beginTurn();
  if (taken >= EXACT && shared !== undefined && shared.of === of) return shared;
  const trace: TraceOf = { of };
  try {
    captureStackTrace(trace, takeTrace);
  } catch {
    // The program had replaced the function before this was loaded: there is no trace.
  }
  if (++taken >= EXACT) {
    shared = trace;
    recent = undefined;
  }
  return trace;
}

function beginTurn(): void {
  inTurn = true;
  setImmediate(endTurn).unref();
  const now = clock();
  if (now - began < WINDOW) {
    shared = recent?.deref();
    return;
  }
  began = now;
  taken = 0;
  recent = undefined;
}

function endTurn(): void {
  inTurn = false;
  if (shared === undefined) return;
  recent ??= new WeakRef(shared);
  shared = undefined;
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
