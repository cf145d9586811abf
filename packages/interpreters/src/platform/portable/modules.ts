/** The runtime's module loader. The portable build has this package's dependencies inside. */
import type { OwnTexts } from "./texts.js";

// Each text is evaluated with the `require` of texts.ts.
declare const require: (id: string) => unknown;

const { files } = require("interpreters:texts") as OwnTexts;
// A bundler would look for the file in a call of `require`.
const requireOwn = require;

// Looked up once, as a program may replace it.
const { getBuiltinModule } = process;

export type { LoadHook, ResolveHook } from "node:module";

export function nodeModule(): typeof import("node:module") {
  return getBuiltinModule("node:module");
}

/** Loads a bundle of this package that not every thread needs. */
export function loadBundle(name: string): unknown {
  return requireOwn(`./${name}`);
}

export function requireDependency(name: string): unknown {
  const own = `${name}.cjs`;
  if (own in files) return requireOwn(`./${own}`);
  // An optional one, if the program is installed with it.
  return nodeModule().createRequire(`${process.cwd()}/`)(name);
}
