/** Waiting for more work before V8's garbage collector goes on. */
import { observe, park } from "../memory/doorbell.js";
import type { Runtime } from "../thread/runtime.js";

/** Longest wait; milliseconds. */
const BEFORE_GC = 3;

/**
 * V8 marks the whole heap for a large buffer that has arrived. It finishes, which takes milliseconds, at the next turn of the event
 * loop, and marks again for the next buffer. So this waits briefly for more work, and returns whether some came before that turn.
 */
export function comesBeforeGc(rt: Runtime, seen: number): boolean {
  if (!rt.marking) return false;
  rt.marking = false;
  park(rt.m, seen, BEFORE_GC);
  return observe(rt.m) !== seen;
}
