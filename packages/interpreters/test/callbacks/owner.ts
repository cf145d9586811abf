/** A worker thread that the package did not start, and that owns a callback. */
import { parentPort } from "node:worker_threads";
import { callback, createQueue, UNBOUND_KEEP } from "interpreters";

const f = callback((n: number): number | Promise<number> => (n < 0 ? new Promise(() => {}) : n * 3));
const queue = createQueue<typeof f>(0, { unboundItems: UNBOUND_KEEP });
queue.putNowait(f);
parentPort?.postMessage(queue.id);
setInterval(() => {}, 1000);
