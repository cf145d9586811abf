/** This process. */
export * from "./node/process.js";
