/** Broadcast channels: reached by name from every thread, without one having to hand a port to another. */
export * from "./node/broadcast.js";
