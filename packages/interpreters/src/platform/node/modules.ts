// Looked up once, as a program may replace it, and the module only when it is needed: importing `node:module` costs a thread
// 13 kB and a good part of its start-up time.
const { getBuiltinModule } = process;

export type { LoadHook, ResolveHook } from "node:module";

export function nodeModule(): typeof import("node:module") {
  return getBuiltinModule("node:module");
}

/** Loads a bundle of this package that not every thread needs. */
export function loadBundle(name: string): unknown {
  return requireDependency(`../../${name}`);
}

/** Loads one of this package's dependencies, or a builtin module, as `require` does. */
export function requireDependency(name: string): unknown {
  return nodeModule().createRequire(import.meta.url)(name);
}
