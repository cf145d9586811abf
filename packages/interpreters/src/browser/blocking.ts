/** The thread of a window must not block: there, blocking forms throw. */
import { InterpreterError } from "../base/errors.js";
import { load } from "../memory/atomics.js";
import { H_SUPERVISOR } from "../memory/layout.js";
import { isWindow } from "../platform/browser/start.js";
import { isMainThread } from "../platform/browser/threads.js";
import { Runtime } from "../thread/runtime.js";

function refusal(form: string, instead: string): InterpreterError {
  return new InterpreterError(
    `Cannot block the thread of a window, as ${form} would: use ${instead}. Interpreters may block.`,
    { code: "ERR_BLOCKING_NOT_ALLOWED" },
  );
}

/** A value of H_SUPERVISOR (thread/supervisor-start.ts). */
const STARTING = 1;

/** The longest that the runtime itself looks for something that is about to come; milliseconds. */
const LOOK = 5;

/** Makes the blocking forms of all classes and functions in `exports` throw, if this is the thread of a window. */
export function forbidBlocking(exports: object): void {
  if (!isWindow) {
    if (isMainThread) forbidBlockingEarly();
    return;
  }
  for (const [name, value] of Object.entries(exports) as [string, unknown][]) {
    if (typeof value !== "function") continue;
    for (
      let prototype = value.prototype as object | null | undefined;
      prototype !== undefined && prototype !== null && prototype !== Object.prototype;
      prototype = Object.getPrototypeOf(prototype) as object | null
    )
      forbidIn(prototype, name);
  }
  // The others: objects of classes that the package does not export.
  const { prototype } = Runtime;
  prototype.blockUntil = function blockUntil(this: Runtime, done, timeout = Infinity): boolean {
    this.poll();
    if (done()) return true;
    if (timeout <= LOOK) return false;
    throw refusal("this form", "the asynchronous one, without `Sync`");
  };
}

/**
 * A worker that the package did not start, and that is the main interpreter of its own runtime, may block, but not before its supervisor runs:
 * Chromium starts no worker of a worker that blocks.
 */
function forbidBlockingEarly(): void {
  const { prototype } = Runtime;
  const { blockUntil } = prototype;
  prototype.blockUntil = function blockOnceStarted(this: Runtime, done, timeout, wait): boolean {
    if (load(this.m, H_SUPERVISOR) === STARTING && !done()) {
      throw new InterpreterError(
        "Cannot block this worker while its interpreters start: await the first operation on one, and block in later ones.",
        { code: "ERR_BLOCKING_NOT_ALLOWED" },
      );
    }
    return blockUntil.call(this, done, timeout, wait);
  };
}

function forbidIn(prototype: object, owner: string): void {
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (!/^[a-z]\w*Sync$/.test(key)) continue;
    const [form, instead] = [`${owner}.${key}()`, `${owner}.${key.slice(0, -"Sync".length)}()`];
    const value = (): never => {
      throw refusal(form, instead);
    };
    Object.defineProperty(prototype, key, { value, writable: true, configurable: true });
  }
}
