/** Modules of a page are those at URLs. */
import { start } from "./start.js";

export type { LoadHook, ResolveHook } from "node:module";

function unavailable(): never {
  throw new Error("pages have no `require`: use `import`");
}

const module = { isBuiltin: (_name: string): boolean => false, createRequire: () => unavailable };

/** What there is of `node:module`. */
export function nodeModule(): typeof import("node:module") {
  return module as unknown as typeof import("node:module");
}

/** Nothing observes a page, so that no bundle is missing here. */
export function loadBundle(name: string): unknown {
  throw new Error(`pages have no ${name}`);
}

declare const importScripts: (url: string) => void;

const PARSERS = Symbol.for("interpreters.parsers");

/** The parsers come as a script of their own, with the first function or script that a worker is sent as text. */
export function requireDependency(name: string): unknown {
  const here = globalThis as { [PARSERS]?: Record<string, unknown> };
  if (here[PARSERS] === undefined) importScripts(start.files.parsers);
  const found = here[PARSERS]?.[name];
  if (found === undefined) throw new Error(`pages have no module ${name}`);
  return found;
}
