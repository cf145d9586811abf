/**
 * The entry of the one file that programs and interpreters load. scripts/bundle.mjs makes it of all modules: reading and linking
 * them one by one takes longer than starting a thread.
 */
import copies from "./base/copies.cjs";
import { core } from "./core.js";
import * as api from "./index.js";
import { importBy } from "./guests/javascript/dynamic-import.js";
import type { OwnBundle } from "./platform/node/own-bundle.cjs";
import { setOwnBundle } from "./thread/bundle-for-interpreters.js";
import { observeByEnvironment } from "./observe/observe.js";
import { serveProcess } from "./thread/current.js";

export { startInterpreter } from "./start-interpreter.js";

export type Api = typeof api;

/**
 * Returns the API that all copies in this thread give out, which is that of the first copy. `own` is how this thread compiled the bundle, if
 * Node's loader did not.
 */
export function share(own?: OwnBundle): Api {
  const here = globalThis as { [copies.API]?: Api };
  const known = here[copies.API];
  if (known !== undefined) return known;
  // A plain object (scripts/bundle.mjs): reading a property of a namespace would call a function.
  const made = { ...api };
  // For guest languages, whose threads import "interpreters/core".
  Object.defineProperty(made, Symbol.for("interpreters.core"), { value: core });
  here[copies.API] = made;
  if (own !== undefined) {
    importBy(own.importer);
    setOwnBundle(own);
  }
  serveProcess();
  observeByEnvironment();
  return made;
}
