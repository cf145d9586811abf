/**
 * Target side: turns a description that `describe` made back into a function.
 *
 * Runs in interpreters, where start-up time counts: nothing here loads the parser.
 */

import { vm } from "../../platform/scripts.js";
import { bundled } from "../../platform/package-files.js";
import { NotShareableError } from "../../base/errors.js";
import { resolveBuiltin } from "./builtins.js";
import type { Callable } from "./callable.js";
import { callFilename, compile, importModule, requireOfAdapter } from "./dynamic-import.js";
import { originOf } from "./injected.js";
import { outputOf, sourceOf } from "./load-typescript.js";
import { enableTypeScript, needsTypeScript } from "./typescript.js";

export type Loaded = (...args: unknown[]) => unknown;

/** Returns the function, to call with `this` undefined. Throws, or rejects, if the description leads to no function. */
export function load(callable: Callable): Loaded | Promise<Loaded> {
  switch (callable.kind) {
    case "function":
      return loadFunction(callable);
    case "module":
      return loadExport(callable.url, callable.export);
    case "class":
      return loadClass(callable.url, callable.export);
    case "listing":
      return async () => functionNames(await importExports(callable.url));
    case "builtin":
      return loadBuiltin(callable.path);
  }
}

function loadFunction(callable: Callable & { kind: "function" }): Loaded {
  const { source, free, name } = callable;
  const missing = free.filter((each) => !isGlobal(each));
  if (missing.length > 0) throw new NotShareableError(captured(name, missing));
  // Strict, as functions of modules are. The function begins on a line of its own: that of its file, or the first.
  const { file, line, indent } = placeOf(callable);
  const script = compile(`"use strict";(\n${indent}${source}\n)`, file, line - 2);
  return script.runInThisContext() as Loaded;
}

/** Where stacks and debuggers show a function. */
function placeOf({ source, name, location, begins = 0 }: Callable & { kind: "function" }): {
  file: string;
  line: number;
  indent: string;
} {
  // Code of a file would import relative to that file. And tools that measure coverage count the characters of this script as the file's.
  if (location === undefined || source.includes("import") || process.env["NODE_V8_COVERAGE"]) {
    return { file: callFilename(name), line: 1, indent: "" };
  }
  const { file, line, column } = location;
  return { file, line, indent: " ".repeat(Math.max(0, column - 1 - begins)) };
}

function captured(name: string, missing: readonly string[]): string {
  const list = missing.map((each) => `\`${each}\``).join(", ");
  const [globals, them, as] =
    missing.length === 1 ? ["global", "it", "an argument"] : ["globals", "them", "arguments"];
  const node = missing.filter((each) =>
    ["require", "module", "exports", "__filename", "__dirname"].includes(each),
  );
  const origins = missing.flatMap((each) => {
    const origin = originOf(each);
    return origin === undefined ? [] : [`. \`${each}\` looks like ${origin}`];
  });
  const imported = origins.some((origin) => origin.includes("import"));
  return (
    `${name === "" ? "an anonymous function" : `function ${JSON.stringify(name)}`} captures ${list} from the scope where it ` +
    `was written, and this interpreter has no such ${globals}: pass ${them} as ${as}, ` +
    `bind ${them} here with prepareMain(), or move the function into a module and use fromModule()` +
    (node.length > 0 || imported ? "; to load a module from within the function use `await import(…)`" : "") +
    origins.join("")
  );
}

/**
 * Returns whether code here can read `name`: as a property of the global object, or as a `let`, `const` or `class` of a
 * script. A variable whose script failed before it was initialized does not count: it stays unusable.
 */
function isGlobal(name: string): boolean {
  if (name in globalThis) return true;
  try {
    new vm.Script(name).runInThisContext();
    return true;
  } catch {
    return false;
  }
}

function loadBuiltin(path: string): Loaded {
  const found = resolveBuiltin(path);
  if (found === undefined) {
    throw new NotShareableError(
      `${path} is not a function in this interpreter; it may have been removed or replaced`,
    );
  }
  return found;
}

async function loadExport(url: string, name: string): Promise<Loaded> {
  const namespace = requireOfAdapter(url) ?? (await importExports(url));
  const found = namespace[name];
  if (typeof found === "function" && !isClass(found)) return found as Loaded;
  if (typeof found === "function") {
    throw new TypeError(
      `${name} of ${url} is a class: construct() it, or export a function that creates the instance and returns plain data`,
    );
  }
  throw noExport(namespace, url, name, "function");
}

async function loadClass(url: string, name: string): Promise<Loaded> {
  const namespace = await importExports(url);
  const found = namespace[name];
  // Arrow functions, methods and async functions have no `prototype`, and cannot be constructed.
  if (typeof found === "function" && found.prototype !== undefined) {
    return (...args) => Reflect.construct(found, args) as unknown;
  }
  throw typeof found === "function"
    ? new TypeError(`${name} of ${url} is a function and no class: call() it`)
    : noExport(namespace, url, name, "class");
}

/** The error for an export that is no function, or no class. */
function noExport(
  namespace: Record<string, unknown>,
  url: string,
  name: string,
  kind: "function" | "class",
): TypeError {
  const [names, all] =
    kind === "function" ? [functionNames(namespace), "functions"] : [classNames(namespace), "classes"];
  return new TypeError(
    `${url} ${name in namespace ? `exports ${name}, which is no ${kind}` : `has no export ${JSON.stringify(name)}`}; ` +
      (names.length === 0 ? `it exports no ${all}` : `the ${all} it exports are ${names.join(", ")}`),
  );
}

function classNames(namespace: Record<string, unknown>): string[] {
  return Object.keys(namespace).filter((name) => {
    const value = namespace[name];
    return name !== "module.exports" && typeof value === "function" && isClass(value);
  });
}

/**
 * Loads the module at `url` and returns its namespace. The name of a JavaScript file that is not there means the TypeScript file that it
 * would be compiled from: one URL is then right in the sources and in what they are compiled to.
 */
async function importExports(url: string): Promise<Record<string, unknown>> {
  if (needsTypeScript(url)) enableTypeScript();
  try {
    return (await importModule(url)) as Record<string, unknown>; // loaded once: Node keeps it
  } catch (error) {
    const source = missingModule(error) === url ? sourceOf(url) : undefined;
    if (source !== undefined) return importExports(source);
    throw notFound(url, error) ?? error;
  }
}

/**
 * The names of the functions in a module's namespace, which has them sorted. Without `module.exports`: some versions of Node
 * give the default export of a CommonJS module that name too, and in an ES module it is for `require` only.
 */
function functionNames(namespace: Record<string, unknown>): string[] {
  return Object.keys(namespace).filter((name) => name !== "module.exports" && isFunction(namespace[name]));
}

const isFunction = (value: unknown): boolean => typeof value === "function" && !isClass(value);
const isClass = (fn: Function): boolean => /^class\b/.test(Function.prototype.toString.call(fn));

/** The URL of the module that was not found, if that is what the error says. */
function missingModule(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND")
    return undefined;
  return "url" in error && typeof error.url === "string" ? error.url : undefined;
}

/** Replaces Node's message, which would name a file of this package as the importer. */
function notFound(url: string, error: unknown): Error | undefined {
  const missing = missingModule(error);
  if (missing === undefined) return undefined;
  const [source, output] = [sourceOf(missing), outputOf(missing)];
  let hint = "";
  if (source !== undefined) {
    hint = `; ${source} is there: import it by that name, as only TypeScript files find it by the name that it is compiled to`;
  } else if (output !== undefined) {
    hint = `; ${output} is there: use that name, by which the .ts is found, too, as long as there is no .js`;
  }
  if (missing !== url && hint === "") return undefined; // a module that `url` imports, as Node's message says
  return Object.assign(
    new Error(
      `cannot find module ${missing}${missing === url ? "" : `, imported by way of ${url}`}${hint || (bundled?.missing ?? "")}`,
    ),
    { code: "ERR_MODULE_NOT_FOUND", url: missing },
  );
}
