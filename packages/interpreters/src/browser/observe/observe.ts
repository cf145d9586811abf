/** Traces are files, and `interpreters top` needs a socket: a page has neither. */
import { InterpreterError } from "../../base/errors.js";

export type { RunningTrace } from "../../observe/observe.js";

function refuse(what: string, code: string): never {
  throw new InterpreterError(`Cannot ${what} in a page. Use executor.stats() there.`, { code });
}

export const startTrace = (): never => refuse("write a trace", "ERR_INTERPRETER_TRACE");

export const inspectable = (): never =>
  refuse("be looked at by `interpreters top`", "ERR_INTERPRETER_INSPECT");

export function observeByEnvironment(): void {}
