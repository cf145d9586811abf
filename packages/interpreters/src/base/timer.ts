/** Timers that end a wait. */
// Not the globals: a script may have replaced them.
import { clearTimeout, setTimeout } from "../platform/timers.js";

/** Node's timers go no further (some 25 days), and would fire at once beyond. */
const LONGEST = 0x7fffffff;

/** Calls back after so many milliseconds; undefined: never, for there is no limit. `stopTimer` takes it back. */
export function startTimer(timeout: number, onTimeout: () => void): NodeJS.Timeout | undefined {
  return timeout === Infinity ? undefined : setTimeout(onTimeout, Math.min(timeout, LONGEST));
}

export const stopTimer: (timer: NodeJS.Timeout | undefined) => void = clearTimeout;
