/** Data that a thread leaves for every thread that it starts, and they for theirs. */
export * from "./node/inherited-data.js";
