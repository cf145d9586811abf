import { fileURLToPath } from "node:url";

export { default as vm } from "node:vm";

/** In Bun, the imports of a script resolve against a path. */
export const filenameOfBase = (base: string): string =>
  "bun" in process.versions && base.startsWith("file:")
    ? `${fileURLToPath(base)}${base.endsWith("/") ? "script" : ""}`
    : base;
