/**
 * The entry of the one file that programs and interpreters load. scripts/bundle.mjs makes it of all modules: reading and linking
 * them one by one takes longer than starting a thread.
 */
import copies from "./base/copies.cjs";
import * as api from "./index.js";
import { serveProcess } from "./thread/current.js";

export { startInterpreter } from "./start-interpreter.js";

export type Api = typeof api;

/** Returns the API that all copies in this thread give out, which is that of the first copy. */
export function share(): Api {
  const here = globalThis as { [copies.API]?: Api };
  const known = here[copies.API];
  if (known !== undefined) return known;
  // A plain object (scripts/bundle.mjs): reading a property of a namespace would call a function.
  const made = { ...api };
  here[copies.API] = made;
  serveProcess();
  return made;
}
