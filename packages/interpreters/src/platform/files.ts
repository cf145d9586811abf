/** Files, read and written synchronously. */
export * from "./node/files.js";
