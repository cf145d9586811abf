/**
 * Lets I/O that work has begun, and not awaited, come to its end before an interpreter closes: a logger's last lines, a file that is being
 * written. Servers, open sockets and intervals have no end and are not waited for.
 */
// A script may have replaced the globals.
import { setImmediate, setTimeout } from "../platform/timers.js";
import { whyAlive } from "../platform/pending-io.js";
import { clock } from "../base/clock.js";

/** Milliseconds, fewer than the supervisor gives an interpreter that is closing: exit handlers run, too. */
const LIMIT = 1800;
/** Milliseconds to wait for timers alone: a write to a full pipe is tried again after 100 (sonic-boom, pino's writer). */
const TIMERS_LIMIT = 150;

/** Resolves when this thread may be ended. If it ends by itself before, never. */
export async function finishIo(): Promise<void> {
  const began = clock();
  let lastIo = began;
  for (;;) {
    // A step that has ended may begin the next one.
    await new Promise((resolve) => setImmediate(resolve));
    const why = await whyAlive();
    // The event loop ends when the jobs have ended, if there are any, and with it the thread.
    if (why === "jobs") return new Promise(() => {});
    const now = clock();
    if (why === "io") lastIo = now;
    if (why === "handles" || now - began > LIMIT || now - lastIo > TIMERS_LIMIT) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
