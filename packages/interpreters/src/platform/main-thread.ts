/** Running code in the main thread at once, from another thread. */
export * from "./node/main-thread.js";
