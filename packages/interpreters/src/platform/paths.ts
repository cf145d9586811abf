/** Paths of files. */
export * from "./node/paths.js";
