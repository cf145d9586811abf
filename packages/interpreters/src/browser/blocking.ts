/** The thread of a window must not block: there, blocking forms throw. */
import { InterpreterError } from "../base/errors.js";
import { isWindow } from "../platform/browser/start.js";
import { Runtime } from "../thread/runtime.js";

function refusal(form: string, instead: string): InterpreterError {
  return new InterpreterError(
    `Cannot block the thread of a window, as ${form} would: use ${instead}. Interpreters may block.`,
    { code: "ERR_BLOCKING_NOT_ALLOWED" },
  );
}

/** The longest that the runtime itself looks for something that is about to come; milliseconds. */
const LOOK = 5;

/** Makes the blocking forms of all classes and functions in `exports` throw, if this is the thread of a window. */
export function forbidBlocking(exports: object): void {
  if (!isWindow) return;
  for (const [name, value] of Object.entries(exports) as [string, unknown][]) {
    if (typeof value !== "function") continue;
    for (
      let prototype = value.prototype as object | null | undefined;
      prototype !== undefined && prototype !== null && prototype !== Object.prototype;
      prototype = Object.getPrototypeOf(prototype) as object | null
    )
      forbidIn(prototype, name);
  }
  // What is left: objects of classes that the package does not export.
  const { prototype } = Runtime;
  prototype.blockUntil = function blockUntil(this: Runtime, done, timeout = Infinity): boolean {
    this.poll();
    if (done()) return true;
    if (timeout <= LOOK) return false;
    throw refusal("this form", "the asynchronous one, without `Sync`");
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
