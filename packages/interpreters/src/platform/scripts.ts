/** Compiling and running JavaScript text in this thread's global scope. */
export * from "./node/scripts.js";
