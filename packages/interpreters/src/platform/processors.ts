/** Processors. */
export * from "./node/processors.js";
