/**
 * Compiles code that belongs to no file, for this thread's global scope, so that `import()` works in it.
 *
 * Relative and bare specifiers resolve against the working directory, provided that the file name is neither a
 * path nor a URL, which Node would resolve against. Hence the angle brackets of `callFilename`.
 */

import { imported, vm } from "../../platform/scripts.js";
import { fileURLToPath } from "../../platform/urls.js";
import { quietly } from "./quietly.js";
import { enableTypeScript } from "./typescript.js";

const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;

/** The file name that stacks show for a stateless function. */
export function callFilename(name: string): string {
  return `<interpreters:call(${name.replace(/\s+/g, " ").slice(0, 100) || "anonymous"})>`;
}

export function compile(source: string, filename: string, lineOffset = 0): vm.Script {
  if (source.includes("import")) prepareImport(source);
  return new vm.Script(source, { filename, lineOffset, importModuleDynamically });
}

export type Importer = (url: string) => Promise<object>;
/** Loads a CommonJS module from its path. */
export type Requirer = (file: string) => unknown;

/** Undefined where there is no `require`. */
let requirer: Requirer | undefined;

let importer: Importer = (url) => import(url) as Promise<object>;

/** Imports a module. */
export function importModule(url: string): Promise<object> {
  return imported(importer(url));
}

/** Sets how `importModule` imports, and how modules of adapters are loaded: in code that this package compiles itself, as in interpreters, Node has no `import()`. */
export function importBy(given: Importer, givenRequirer?: Requirer): void {
  importer = given;
  requirer = givenRequirer;
}

/** The file name of modules that adapters for other packages bring (scripts/bundle-adapters.mjs): CommonJS, of which `import()` finds all exports. */
const OF_ADAPTER = /^file:.*\.interpreters\.cjs$/;

/** The exports of a module of an adapter. Importing it would begin a thread's work with Node's loader of ES modules, which takes Node 20 three milliseconds. */
export function requireOfAdapter(url: string): Record<string, unknown> | undefined {
  if (requirer === undefined || !OF_ADAPTER.test(url)) return undefined;
  return requirer(fileURLToPath(url)) as Record<string, unknown>;
}

let quiet = false;

function prepareImport(source: string): void {
  if (/\.[cm]?ts["'`]/.test(source)) enableTypeScript();
  if (quiet) return;
  quiet = true;
  // Node warns, once per thread, that this way of importing is experimental.
  quietly(() => new vm.Script('import("node:vm")', { importModuleDynamically }).runInThisContext());
}
