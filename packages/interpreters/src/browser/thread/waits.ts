/** The waits for replies, which the thread of a window must not begin: they throw before anything is sent. (blocking.ts refuses the others.) */
import { InterpreterError } from "../../base/errors.js";
import type { Slot } from "../../memory/brands.js";
import { isWindow } from "../../platform/browser/start.js";
import type { Runtime } from "../../thread/runtime.js";
import { ReplyWait as AnyReplyWait } from "../../thread/waits.js";

export { AnyoneWait, RevocableWait } from "../../thread/waits.js";

/** @throws InterpreterError (`ERR_BLOCKING_NOT_ALLOWED`) this is the thread of a window */
function checkThread(what: string): void {
  if (!isWindow) return;
  throw new InterpreterError(
    `Cannot ${what} and block the thread of a window until it is done: use the form that returns a promise, without \`Sync\`. Interpreters may block.`,
    { code: "ERR_BLOCKING_NOT_ALLOWED" },
  );
}

export class ReplyWait extends AnyReplyWait {
  constructor(rt: Runtime, what: string, slot: Slot, withdraw?: (error: unknown) => boolean) {
    checkThread(what);
    super(rt, what, slot, withdraw);
  }
}
