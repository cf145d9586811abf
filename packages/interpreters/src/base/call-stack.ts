/** The thread's call stack, which user code may have used up to its last bytes when it calls us. */
import { types } from "../platform/brand-checks.js";

/** How deep calls must still be able to nest for code that runs for the first time: V8 parses it on the same stack. */
const DEEP = 1000;

/** Throws RangeError unless much of the call stack is free. For rare steps that must not be cut short. */
export function ensureCallStack(calls: number = DEEP): number {
  return calls === 0 ? 0 : ensureCallStack(calls - 1) + 1;
}

/** Whether `error` says that the call stack is exhausted. */
export function isStackOverflow(error: unknown): boolean {
  // Not `instanceof`, which calls a hook of the user.
  return (
    types.isNativeError(error) &&
    error.name === "RangeError" &&
    // JavaScriptCore's ends with a full stop.
    error.message.startsWith("Maximum call stack size exceeded")
  );
}
