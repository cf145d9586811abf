/** Streams of bytes and terminals. */
export * from "./node/streams.js";
