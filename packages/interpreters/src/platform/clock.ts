/** The clock of the process. */
export * from "./node/clock.js";
