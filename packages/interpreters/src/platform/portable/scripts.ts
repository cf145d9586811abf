import { fileURLToPath } from "node:url";
import type { ImportWatcher } from "../node/scripts.js";
import { asNodesError } from "./loader-errors.js";
import { onBun, onDeno } from "./runtime.js";

export { default as vm } from "node:vm";
export type { ImportWatcher } from "../node/scripts.js";

let watching: ImportWatcher | undefined;

/** Deno panics where a thread that loads a module is terminated. */
export const watchImports = onDeno ? (watcher: ImportWatcher): void => void (watching = watcher) : undefined;

async function watched<T>(module: Promise<T>): Promise<T> {
  watching?.begins();
  try {
    return await module;
  } finally {
    watching?.ends();
  }
}

async function withNodesErrors<T>(module: Promise<T>): Promise<T> {
  try {
    return await module;
  } catch (error) {
    throw asNodesError(error);
  }
}

/** Gives the import of a module the errors that Node has. */
export const imported: <T>(module: Promise<T>) => Promise<T> = onBun
  ? withNodesErrors
  : onDeno
    ? watched
    : (module) => module;

/** In Bun, the imports of a script resolve against a path. */
export const filenameOfBase = (base: string): string =>
  onBun && base.startsWith("file:") ? `${fileURLToPath(base)}${base.endsWith("/") ? "script" : ""}` : base;
