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
 * The module as a script, whose characters are bytes, in shared memory. Each thread would otherwise make four copies of it that V8 then collects.
 * Returns undefined if the module does not look as expected: import it then.
 *
 * @param url of the module
 */
export function wrapModule(url: string): Uint8Array<SharedArrayBuffer> | undefined {
  const bytes = readFileSync(fileURLToPath(url));
  const text = bytes.toString("latin1");
  const [found, name] = EXPORT.exec(text.slice(-200)) ?? [];
  // Bytes are characters in ASCII only.
  if (found === undefined || !isAscii(bytes)) return undefined;
  // Both exist in modules only.
  const body = text
    .slice(0, -found.length)
    .replaceAll("import.meta.url", "moduleUrl")
    .replaceAll(/\bimport\(/g, "importModule(");
  const wrapped = `(function (moduleUrl, importModule) { "use strict";${body}\nreturn ${name};\n})`;
  const shared = new Uint8Array(new SharedArrayBuffer(wrapped.length));
  Buffer.from(shared.buffer).write(wrapped, "latin1");
  return shared;
}

/**
 * Compiles and runs a module.
 *
 * @param url of the module
 * @param source the module, as `wrapModule` made it
 * @param cache of an earlier thread or process; V8 does not use it if its own version or flags are others
 */
export function compileScript(url: string, source: Uint8Array, cache?: Uint8Array): CompiledScript {
  if (compiled !== undefined) return compiled;
  // Node keeps so long a string outside of V8's heap.
  const text = Buffer.from(source.buffer, source.byteOffset, source.length).toString("latin1");
  const script = new Script(text, { filename: fileURLToPath(url), ...(cache && { cachedData: cache }) });
  const define = script.runInThisContext() as (
    url: string,
    load: (name: string) => Promise<unknown>,
  ) => unknown;
  const exported = define(url, (name) => import(name));
  const fromCache = cache !== undefined && script.cachedDataRejected === false;
  return (compiled = { exported, fromCache, makeCache: () => script.createCachedData() });
}
