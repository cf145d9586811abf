/** The clock of the process, on all runtimes that run the portable build. */
import { clock as clockOfNode } from "../node/clock.js";
import { onDeno } from "./runtime.js";

// Bound when this module is loaded, as in the other one.
const { performance } = globalThis;
const { now } = performance;
const origin = performance.timeOrigin;

/**
 * In Deno `process.hrtime` counts from the start of each thread, and calls whatever the global `performance` is: a script with a variable of that
 * name would end its interpreter.
 */
function clockOfDeno(): number {
  return origin + Reflect.apply(now, performance, []);
}

export const clock: () => number = onDeno ? clockOfDeno : clockOfNode;
