/** The runtime's own modules, on all runtimes that run the portable build. */
import {
  type BuiltinModule,
  newlyLoadedBuiltins as newlyLoadedBuiltinsOfNode,
} from "../node/loaded-builtins.js";
import { onBun, onDeno } from "./runtime.js";

export { type BuiltinModule, builtinExports } from "../node/loaded-builtins.js";

/** Bun and Deno do not tell which modules are loaded. Nearly all of their classes derive from one of these modules'. */
const MODULES = [
  "assert",
  "async_hooks",
  "buffer",
  "crypto",
  "diagnostics_channel",
  "events",
  "fs",
  "net",
  "perf_hooks",
  "stream",
  "string_decoder",
  "url",
  "util",
  "vm",
  "worker_threads",
];

let given = false;

/** Gives all of them at the first call, and loads those that are not loaded yet. */
function allBuiltins(): BuiltinModule[] {
  if (given) return [];
  given = true;
  return MODULES.map((name) => ({ name, exports: process.getBuiltinModule(name) as object }));
}

export const newlyLoadedBuiltins: () => BuiltinModule[] =
  onBun || onDeno ? allBuiltins : newlyLoadedBuiltinsOfNode;
