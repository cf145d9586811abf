/** Asynchronous contexts: a value that timers and promises inherit from the code that made them. */
export * from "./node/async-context.js";
