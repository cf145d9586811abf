/** Where this package's files are. */
export * from "./node/package-files.js";
