import { fileURLToPath } from "node:url";
import { asNodesError } from "./loader-errors.js";
import { onBun, onDeno } from "./runtime.js";

export { default as vm } from "node:vm";

let onBegin: (() => void) | undefined;
let onEnd: (() => void) | undefined;
let imports = 0;

/** Deno panics where a thread that loads a module is terminated. */
export const watchImports = onDeno
  ? (begin: () => void, end: () => void): void => {
      onBegin = begin;
      onEnd = end;
    }
  : undefined;

async function watched<T>(module: Promise<T>): Promise<T> {
  if (imports++ === 0) onBegin?.();
  try {
    return await module;
  } finally {
    if (--imports === 0) onEnd?.();
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
