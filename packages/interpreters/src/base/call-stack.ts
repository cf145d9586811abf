/** The thread's call stack, which user code may have used up to its last bytes when it calls us. */
import { types } from "../platform/brand-checks.js";

/** Whether `error` says that the call stack is exhausted. */
export function isStackOverflow(error: unknown): boolean {
  // Not `instanceof`, which calls a hook of the user.
  return (
    types.isNativeError(error) &&
    error.name === "RangeError" &&
    error.message === "Maximum call stack size exceeded"
  );
}
