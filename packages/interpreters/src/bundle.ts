/**
 * The one file that interpreters load, made of all modules (scripts/bundle.mjs): reading and linking seventy of them
 * took longer than starting a thread.
 */
import copies from "./base/copies.cjs";
import * as api from "./index.js";

export { startInterpreter } from "./start-interpreter.js";

export type Api = typeof api;

/** Makes this copy the one that all copies in this thread give out, if it is the first. */
export function share(): Api {
  const here = globalThis as { [copies.API]?: Api };
  // A plain object (scripts/bundle.mjs): the properties of a namespace are looked up by a function each.
  return (here[copies.API] ??= { ...api });
}
