/** Every form of every operation, as a function that can itself be called in another interpreter. */
import { getCurrent, type Interpreter } from "interpreters";
import { works } from "./works.js";

export type Form = "promise" | "sync" | "view" | "viewSync";
export type Operation = "call" | "exec" | "prepareMain" | "close" | "terminate";
export type WorkName = keyof typeof works;

type Work = (...args: unknown[]) => unknown;

/** `args` are the method's, except that a function is given by its name in `works`. */
export function perform(form: Form, operation: Operation, interp: Interpreter, ...args: unknown[]): unknown {
  const sync = form === "sync" || form === "viewSync";
  if (operation === "close") {
    const [options] = args as [{ wait?: boolean }?];
    return sync ? interp.closeSync(options) : interp.close(options);
  }
  if (operation === "terminate") return sync ? interp.terminateSync() : interp.terminate();
  if (operation === "prepareMain") {
    const [namespace] = args as [Record<string, unknown>];
    return sync ? interp.prepareMainSync(namespace) : interp.prepareMain(namespace);
  }
  const target = form === "view" || form === "viewSync" ? interp.with({}) : interp;
  if (operation === "exec") {
    const [code] = args as [string];
    return sync ? target.execSync(code) : target.exec(code);
  }
  const [name, ...rest] = args as [WorkName, ...unknown[]];
  const work = works[name] as Work;
  return sync ? target.callSync(work, ...rest) : target.call(work, ...rest);
}

/** Returns the id of the interpreter that this runs in. */
export function whereAmI(): number {
  return getCurrent().id;
}
