export { fileURLToPath, pathToFileURL, URL } from "node:url";

/** Where modules are loaded from. */
export const MODULE_PROTOCOLS: readonly string[] = ["file:", "data:", "node:"];
