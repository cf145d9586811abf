/** Timers and turns of the event loop, as they were when this package was loaded: a program may replace the globals. */
export * from "./node/timers.js";
