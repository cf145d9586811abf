/** Command-line flags of the runtime, for threads that inherit them. */
export * from "./node/exec-argv.js";
