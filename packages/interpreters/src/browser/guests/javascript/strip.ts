/** Nothing in a page erases types. */
import type { TypeScriptComplaint } from "../../../guests/javascript/strip.js";

export type { TypeScriptComplaint } from "../../../guests/javascript/strip.js";

export const NO_ERASER = "ERR_INTERPRETER_TYPESCRIPT";

export function erase(_source: string, _filename: string): string | TypeScriptComplaint {
  throw Object.assign(new Error("Pages run JavaScript only: compile it first."), { code: NO_ERASER });
}
