/** The waits of operations, which the thread of a window must not begin: they throw before anything is sent. */
import { InterpreterError } from "../../base/errors.js";
import type { Slot } from "../../memory/brands.js";
import { isWindow } from "../../platform/browser/start.js";
import type { Runtime } from "../../thread/runtime.js";
import { LockWait as AnyLockWait, ReplyWait as AnyReplyWait } from "../../thread/waits.js";

/** @throws InterpreterError (`ERR_BLOCKING_NOT_ALLOWED`) this is the thread of a window */
function checkThread(what: string): void {
  if (!isWindow) return;
  throw new InterpreterError(
    `Cannot ${what} and block the thread of a window until it is done: use the form that returns a promise, without \`Sync\`. Interpreters may block.`,
    { code: "ERR_BLOCKING_NOT_ALLOWED" },
  );
}

export class LockWait extends AnyLockWait {
  constructor(rt: Runtime, what: string, on: number) {
    checkThread(what);
    super(rt, what, on);
  }
}

export class ReplyWait extends AnyReplyWait {
  constructor(rt: Runtime, what: string, slot: Slot, withdraw?: (error: unknown) => boolean) {
    checkThread(what);
    super(rt, what, slot, withdraw);
  }
}
