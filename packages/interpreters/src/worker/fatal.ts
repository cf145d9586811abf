/**
 * Ending this thread when the loop that serves has failed, for instance because a script replaced `Atomics`. Handlers of user code must not
 * swallow that, as they may any other exception: the callers of this interpreter would wait for ever.
 *
 * Everything is looked up when the package is loaded, before user code runs.
 */
import { setImmediate } from "../platform/timers.js";

const { emit, removeAllListeners, setUncaughtExceptionCaptureCallback, reallyExit } =
  process as NodeJS.Process & {
    reallyExit(code: number): never;
  };
const { apply } = Reflect;

/** Ends this thread with `error`, as an exception that is not caught. The supervisor notifies all others of that. */
export function endThread(error: unknown): void {
  for (const event of ["uncaughtException", "unhandledRejection"])
    apply(removeAllListeners, process, [event]);
  try {
    apply(setUncaughtExceptionCaptureCallback, process, [null]);
    // User code may have put a function of its own here.
    Object.defineProperty(process, "emit", { value: emit, writable: true, configurable: true });
  } catch {
    // It has made that impossible. The thread ends with an exit code then.
  }
  setImmediate(() => {
    // In the next turn, which does not come if the exception ends the thread.
    setImmediate(() => apply(reallyExit, process, [1]));
    throw error;
  });
}
