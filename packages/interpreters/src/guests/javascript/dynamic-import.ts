/**
 * Compiles code that belongs to no file, in this thread's global scope, such that `import()` works in it.
 *
 * Relative and bare specifiers resolve against the working directory, provided that the file name is neither a
 * path nor a URL: Node resolves against those. That is why `callFilename` has its angle brackets.
 */

import { vm } from "../../platform/scripts.js";
import { enableTypeScript } from "./typescript.js";

const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;

/** What stacks show as the file of a stateless function. */
export function callFilename(name: string): string {
  return `<interpreters:call(${name.replace(/\s+/g, " ").slice(0, 100) || "anonymous"})>`;
}

export function compile(source: string, filename: string, lineOffset = 0): vm.Script {
  if (source.includes("import")) prepareImport(source);
  return new vm.Script(source, { filename, lineOffset, importModuleDynamically });
}

export type Importer = (url: string) => Promise<object>;

let importer: Importer = (url) => import(url) as Promise<object>;

/** Imports a module. */
export function importModule(url: string): Promise<object> {
  return importer(url);
}

/** Has modules imported by this function: in code that we compile ourselves, as in interpreters, Node knows no `import()`. */
export function importBy(given: Importer): void {
  importer = given;
}

let quiet = false;

function prepareImport(source: string): void {
  if (/\.[cm]?ts["'`]/.test(source)) enableTypeScript();
  if (quiet) return;
  quiet = true;
  // Node warns, once per thread, that this way of importing is experimental. The user did not choose it and can
  // do nothing about it. The warning is issued synchronously by the first import, hence here and unheard.
  const emitWarning: unknown = Reflect.get(process, "emitWarning");
  process.emitWarning = () => {};
  try {
    new vm.Script('import("node:vm")', { importModuleDynamically }).runInThisContext();
  } finally {
    Reflect.set(process, "emitWarning", emitWarning);
  }
}
