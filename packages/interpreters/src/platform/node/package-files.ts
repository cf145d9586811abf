/**
 * Bundles lie two folders above this file, and `scripts/bundle.mjs` makes `import.meta.url` in them the URL of this module: no
 * other module may locate a file by `import.meta.url`.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, URL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** What is different in a bundled program. Undefined here: this is not the portable build. */
export const bundled: Bundled | undefined = undefined;

export interface Bundled {
  /** What to say if there is no module at a URL. */
  readonly missing: string;
  /** The module that code without a file imports by a name, if that is this package, which does not lie beside the program. */
  own(specifier: string): Record<string, unknown> | undefined;
}

/** The URL of a compiled file, from its path below `src`. */
export function packageFile(path: string): URL {
  return new URL(path, new URL("../../", import.meta.url));
}

/** The bytes of one of the package's files, which are ASCII. */
export function packageBytes(name: string): Uint8Array {
  return readFileSync(packageFile(name));
}

/** The URL of one of the package's files as a module for `register`. */
export function packageModule(name: string): string {
  return packageFile(name).href;
}

/** Starts a thread that runs one of the package's files. */
export function startThreadOf(name: string, options: WorkerOptions): Worker {
  return new Worker(packageFile(name), options);
}

/** As `startThreadOf`, from the file's text: then the thread needs no file, and can require modules of Node only. */
export function startThreadOfText(name: string, options: WorkerOptions): Worker {
  const file = fileURLToPath(packageFile(name));
  // In parentheses, so that V8 compiles the function together with the script.
  const text = `(function(__filename){${readFileSync(file, "latin1")}\n})(${JSON.stringify(file)})\n//# sourceURL=${file}`;
  // Without a prototype, which may have members that would be options.
  return new Worker(text, Object.assign(Object.create(null), options, { eval: true }));
}

/** The path of the first of the package's files that is missing, if one is. */
export function missingFile(): string | undefined {
  const file = packageFile("supervisor.cjs");
  return existsSync(file) ? undefined : fileURLToPath(file);
}

/** An expression that loads this package in another thread's global scope. */
export function loadingScript(): string {
  const file = JSON.stringify(fileURLToPath(packageFile("entry.cjs")));
  return `process.getBuiltinModule("node:module").createRequire(${file})(${file})`;
}
