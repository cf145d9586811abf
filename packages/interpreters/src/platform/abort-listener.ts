/** Listening to an abort signal, also behind a listener that calls `stopImmediatePropagation`. */
export * from "./node/abort-listener.js";
