/** The states of a future. It leaves WAITING once. */
import { isError } from "../base/stacks.js";

export const WAITING = 0;
export const FULFILLED = 1;
export const REJECTED = 2;
export const CANCELLED = 3;

/** The state and the type of the outcome, as CPython's `repr` shows them. */
export function describeFuture(state: number, running: boolean, value: unknown): string {
  if (state === WAITING) return `Future <${running ? "running" : "waiting"}>`;
  if (state === CANCELLED) return "Future <cancelled>";
  const type = isError(value) ? value.name : value === null ? "null" : typeof value;
  return `Future <finished, ${state === FULFILLED ? "returned" : "threw"} ${type}>`;
}
