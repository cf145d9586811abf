/** Compiles code that belongs to no file, for the global scope of this worker, so that `import()` works in it. */
import { vm } from "../../../platform/scripts.js";
import { URL } from "../../../platform/urls.js";

/** The file name that stacks show for a stateless function. */
export function callFilename(name: string): string {
  return `<interpreters:call(${name.replace(/\s+/g, " ").slice(0, 100) || "anonymous"})>`;
}

/** The text with which script.ts makes the `import()` of a base, whose URL is the file's name. */
const IMPORTER = /^\(specifier, options\) =>/;

export function compile(source: string, filename: string, lineOffset = 0): vm.Script {
  if (!IMPORTER.test(source)) return new vm.Script(source, { filename, lineOffset });
  const base = JSON.stringify(filename);
  const resolved = `(/^\\.{0,2}\\//.test(specifier) ? new URL(specifier, ${base}).href : specifier)`;
  return new vm.Script(source.replaceAll("import(specifier", `import(${resolved}`));
}

export type Importer = (url: string) => Promise<object>;

let importer: Importer = (url) => import(url) as Promise<object>;

/** Imports a module. */
export function importModule(url: string): Promise<object> {
  return importer(new URL(url).href);
}

export function importBy(given: Importer): void {
  importer = given;
}

/** Adapters run on Node. */
export function requireOfAdapter(): undefined {
  return undefined;
}
