/**
 * `pyodide.asm.mjs` (1.2 MB) as a script with V8's code cache. As a module, each interpreter would parse and compile it again, which takes a fifth
 * of its start. A change to how the script is wrapped must raise `FORMAT` in assets.ts: V8 would refuse all kept code.
 */
import { isAscii } from "node:buffer";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

/** The end of the module: all that it exports. */
const EXPORT = /export default (\w+);?\s*$/;

export interface CompiledScript {
  /** The exports of the module. */
  readonly exported: unknown;
  /** Whether V8 used the code that it was given. */
  readonly fromCache: boolean;
  /** V8's code for the functions that have run so far. */
  makeCache(): Uint8Array;
}

/** One for each thread: whatever it has compiled stays. */
let compiled: CompiledScript | undefined;

/**
 * Compiles and runs the module. Returns undefined if it does not look as expected: import it then.
 *
 * @param url of the module
 * @param cache of an earlier thread or process; V8 does not use it if its own version or flags are others
 */
export function compileScript(url: string, cache: Uint8Array | undefined): CompiledScript | undefined {
  if (compiled !== undefined) return compiled;
  const filename = fileURLToPath(url);
  const bytes = readFileSync(filename);
  const text = bytes.toString("latin1");
  const [found, name] = EXPORT.exec(text.slice(-200)) ?? [];
  // Bytes are characters in ASCII only.
  if (found === undefined || !isAscii(bytes)) return undefined;
  // Both exist in modules only.
  const body = text
    .slice(0, -found.length)
    .replaceAll("import.meta.url", "moduleUrl")
    .replaceAll(/\bimport\(/g, "importModule(");
  const source = `(function (moduleUrl, importModule) { "use strict";${body}\nreturn ${name};\n})`;
  const script = new Script(source, { filename, ...(cache && { cachedData: cache }) });
  const define = script.runInThisContext() as (
    url: string,
    load: (name: string) => Promise<unknown>,
  ) => unknown;
  const exported = define(url, (name) => import(name));
  const fromCache = cache !== undefined && script.cachedDataRejected === false;
  return (compiled = { exported, fromCache, makeCache: () => script.createCachedData() });
}
