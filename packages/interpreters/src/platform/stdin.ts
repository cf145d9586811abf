/** Standard input. */
export * from "./node/stdin.js";
