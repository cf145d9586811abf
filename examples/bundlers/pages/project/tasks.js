import { getCurrent } from "interpreters";
import { factor } from "./factor.js";

export const double = (n) => n * factor;

/** Blocks until the queue is shut down. */
export function sum(queue) {
  let all = getCurrent().id > 0 ? 0 : Number.NaN;
  try {
    for (;;) all += queue.getSync();
  } catch (error) {
    if (error.name !== "QueueShutDown") throw error;
  }
  return all;
}
