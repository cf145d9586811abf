/**
 * Finds the function that a command line argument such as `./resize.js#thumbnail` or `terser#minify` refers to.
 *
 * The main interpreter never loads the module, which takes time and runs arbitrary user code. One of the pool's
 * interpreters loads it before the first item, so that an unusable module is reported once, and not once per item.
 */

import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Engine, ExecutorLike } from "./engine.js";
import { UsageError, describeError, oneLine } from "./errors.js";

export interface ModuleReference {
  /** The module as the user wrote it, without the export. */
  readonly shown: string;
  readonly url: URL;
  /** The export that the user named. If undefined, `chooseExport` picks one. */
  readonly exportName: string | undefined;
}

/** Resolves the argument to a URL, as an `import` in the working directory would. */
export async function resolveModule(argument: string, cwd: string): Promise<ModuleReference> {
  const hash = argument.lastIndexOf("#");
  if (hash < 0 || isFile(resolve(cwd, argument))) {
    return { shown: argument, url: await urlOf(argument, cwd), exportName: undefined };
  }
  const shown = argument.slice(0, hash);
  const exportName = argument.slice(hash + 1);
  if (exportName === "") throw new UsageError(`no export is named after the # of ${argument}`);
  return { shown, url: await urlOf(shown, cwd), exportName };
}

async function urlOf(specifier: string, cwd: string): Promise<URL> {
  if (/^(?:file|node|data):/.test(specifier)) {
    const url = new URL(specifier);
    if (url.protocol === "file:" && !isFile(fileURLToPath(url)))
      throw notFound(specifier, fileURLToPath(url));
    return url;
  }
  const path = resolve(cwd, specifier);
  if (isFile(path)) return pathToFileURL(path);
  if (specifier === "" || /^\.{0,2}[\\/]|^\.{1,2}$/.test(specifier) || isAbsolute(specifier)) {
    throw notFound(specifier, path);
  }
  return resolvePackage(specifier, cwd);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function notFound(shown: string, path: string): UsageError {
  const what =
    statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? "is a directory" : "does not exist";
  return new UsageError(`cannot find the module ${shown}: ${path} ${what}`);
}

const RESOLVE = `
  const specifier = process.argv[1];
  try { console.log(JSON.stringify({ url: import.meta.resolve(specifier) })); }
  catch (error) { console.log(JSON.stringify({ message: error.message, code: error.code })); }
`;

/**
 * Has a new Node process resolve the package: no API resolves a specifier as an `import` in an arbitrary folder would.
 * (`require.resolve` would pick the other file of a package that has both an ES module and a CommonJS one.)
 */
async function resolvePackage(specifier: string, cwd: string): Promise<URL> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", RESOLVE, "--", specifier],
    { cwd },
  );
  const answer: { url?: string; message?: string; code?: string } = JSON.parse(stdout);
  if (answer.url !== undefined) return new URL(answer.url);
  if (answer.code === "ERR_MODULE_NOT_FOUND") {
    throw new UsageError(
      `cannot find the module ${specifier}: there is no such file in ${cwd}, and no such package is installed there`,
    );
  }
  throw new UsageError(`cannot find the module ${specifier}: ${answer.message ?? "it cannot be resolved"}`);
}

/**
 * Loads the module in an interpreter of the pool and returns the name of the export to call: the one asked for, the default
 * export, or the only function.
 */
export async function chooseExport(
  module: ModuleReference,
  cwd: string,
  engine: Engine,
  executor: ExecutorLike,
): Promise<string> {
  const { shown, exportName } = module;
  const functions = await listFunctions(module, cwd, engine, executor);
  const list =
    functions.length === 0
      ? "it exports no function"
      : `the functions it exports are ${functions.join(", ")}`;
  if (exportName !== undefined) {
    if (functions.includes(exportName)) return exportName;
    throw new UsageError(`${shown} exports no function ${exportName}; ${list}`);
  }
  if (functions.includes("default")) return "default";
  if (functions.length === 1) return functions[0];
  throw new UsageError(
    functions.length === 0
      ? `${shown} exports no function`
      : `${shown} has no default function: say which one, as in ${shown}#${functions[0]} (${list})`,
  );
}

async function listFunctions(
  module: ModuleReference,
  cwd: string,
  engine: Engine,
  executor: ExecutorLike,
): Promise<readonly string[]> {
  try {
    return await engine.functionsOf(module.url, executor);
  } catch (error) {
    const why = `${oneLine(describeError(error))}${whereOf(error, cwd, engine)}${hintFor(error, module)}`;
    throw new UsageError(`cannot load the module ${module.shown}: ${why}`, { cause: error });
  }
}

/** `npm init` makes packages whose `.js` and `.ts` files are CommonJS, which is where a first try fails. */
function hintFor(error: unknown, { shown, url }: ModuleReference): string {
  const { name, message } = describeError(error);
  const isEsModule =
    name === "SyntaxError" && /Unexpected token 'export'|import statement outside/.test(message);
  const [, kind] = /\.([jt])s$/.exec(url.pathname) ?? [];
  if (!isEsModule || kind === undefined) return "";
  const other = shown.replace(/s$/, "").replace(/([jt])$/, "m$1s");
  return `; Node takes it for CommonJS: name it ${other}, or set "type": "module" in its package.json`;
}

/** ` (at file:line:column)`, where the error was thrown, or an empty string. */
export function whereOf(error: unknown, cwd: string, engine: Engine): string {
  const location = locationIn(engine.displayOf(error) ?? "", cwd);
  return location === undefined ? "" : ` (at ${location})`;
}

/** The first position in a file that the display of an error shows, relative to the working directory if inside it. */
export function locationIn(display: string, cwd: string): string | undefined {
  for (const line of display.split("\n")) {
    // A frame ("at f (file:///x.js:1:2)"), or the line above a SyntaxError ("file:///x.js:1").
    const [, place, position] = PLACE.exec(line) ?? [];
    if (place === undefined) continue;
    const path = place.startsWith("file://") ? fileURLToPath(place) : place;
    const shorter = relative(cwd, path);
    return `${shorter.startsWith("..") || isAbsolute(shorter) ? path : shorter}${position}`;
  }
  return undefined;
}

const PLACE = /(?:^|[ (])((?:file:\/\/|[A-Za-z]:\\|\/)[^()]*?)((?::\d+){1,2})\)?(?: \{)?$/;
