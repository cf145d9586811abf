/** Timers that end a wait. */
// Not the globals: a script may have replaced them.
import { clearTimeout, setTimeout } from "../platform/timers.js";

/** The longest delay that Node takes, about 25 days; a timer with a longer one fires at once. */
const LONGEST = 0x7fffffff;

/** Calls `onTimeout` after `timeout` milliseconds. Returns undefined for Infinity, which is no limit. `stopTimer` cancels it. */
export function startTimer(timeout: number, onTimeout: () => void): NodeJS.Timeout | undefined {
  return timeout === Infinity ? undefined : setTimeout(onTimeout, Math.min(timeout, LONGEST));
}

export const stopTimer: (timer: NodeJS.Timeout | undefined) => void = clearTimeout;
