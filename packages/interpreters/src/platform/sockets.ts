/** Sockets of this machine, and where they lie. */
export * from "./node/sockets.js";
