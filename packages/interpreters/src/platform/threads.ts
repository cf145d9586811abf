/** Threads: starting one, and what a thread knows of itself. */
export * from "./node/threads.js";
