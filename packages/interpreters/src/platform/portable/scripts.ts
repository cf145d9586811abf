import { fileURLToPath } from "node:url";
import { asNodesError } from "./loader-errors.js";
import { onBun } from "./runtime.js";

export { default as vm } from "node:vm";

/** Gives the import of a module the errors that Node has. */
export const imported: <T>(module: Promise<T>) => Promise<T> = onBun
  ? (module) =>
      module.catch((error: unknown) => {
        throw asNodesError(error);
      })
  : (module) => module;

/** In Bun, the imports of a script resolve against a path. */
export const filenameOfBase = (base: string): string =>
  onBun && base.startsWith("file:") ? `${fileURLToPath(base)}${base.endsWith("/") ? "script" : ""}` : base;
