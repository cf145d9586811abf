/** The waits of operations, which the thread of a window must not begin: it is told before anything is sent. */
import { InterpreterError } from "../../base/errors.js";
import { isWindow } from "../../platform/browser/start.js";
import type { Runtime, Wait } from "../../thread/runtime.js";
import { beginWait as begin } from "../../thread/waits.js";

export * from "../../thread/waits.js";

/** @throws also InterpreterError (`ERR_BLOCKING_NOT_ALLOWED`) this is the thread of a window */
export function beginWait(rt: Runtime, what: string, on: number): Wait {
  if (!isWindow) return begin(rt, what, on);
  throw new InterpreterError(
    `Cannot ${what} and block the thread of a window until it is done: use the form that returns a promise, without \`Sync\`. Interpreters may block.`,
    { code: "ERR_BLOCKING_NOT_ALLOWED" },
  );
}
