/** The states of a future, which leaves WAITING once, and what else its one word of flags says. */
import { isError } from "../base/stacks.js";

export const WAITING = 0;
export const FULFILLED = 1;
export const CANCELLED = 2;
/** From here on, the task failed. */
export const REJECTED = 3;
/** Failed with the reason of its signal. */
export const ABORTED = 4;
/** A flag beside the state: its failure must not become an unhandled rejection. */
export const QUIET = 8;

/** The state and the type of the outcome, as CPython's `repr` shows them. */
export function describeFuture(state: number, running: boolean, value: unknown): string {
  if (state === WAITING) return `Future <${running ? "running" : "waiting"}>`;
  if (state === CANCELLED) return "Future <cancelled>";
  const type = isError(value) ? value.name : value === null ? "null" : typeof value;
  return `Future <finished, ${state === FULFILLED ? "returned" : "threw"} ${type}>`;
}
