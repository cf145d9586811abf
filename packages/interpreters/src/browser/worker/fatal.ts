/** Ending this thread when the loop that serves has failed, or an exception was caught by nobody. */
import { process } from "../../platform/browser/process.js";
import { tellError } from "../../platform/browser/threads.js";

const { reallyExit } = process as NodeJS.Process & { reallyExit(code: number): void };

/** Ends this thread with `error`. The supervisor notifies all others of that. */
export function endThread(error: unknown): void {
  tellError(error);
  reallyExit(1);
}
