/** The reasons for which this thread's event loop goes on. */
export * from "./node/pending-io.js";
