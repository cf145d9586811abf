/** Promises and microtasks as they were when this package was loaded: a program may replace the globals. */
export * from "./node/microtasks.js";
