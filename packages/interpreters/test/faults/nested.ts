/** A worker thread that this package did not start. It starts another one like it, and waits; see queues.test.ts. */
import { Worker, workerData } from "node:worker_threads";
import { Queue } from "interpreters";

const { id, depth } = workerData as { id: number; depth: number };
const queue = new Queue(id) as Queue<number>;
if (depth > 0) new Worker(new URL(import.meta.url), { workerData: { id, depth: depth - 1 } });
queue.putNowait(depth);
setInterval(() => {}, 0x7fffffff);
