/** Asking the engine to collect garbage. */
export * from "./node/garbage.js";
