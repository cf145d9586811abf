/** How busy an event loop is. */
export * from "./node/performance.js";
