/**
 * A worker thread that this package did not start and that holds a queue's lock for ever. With `depth`, the thread that many
 * levels below it holds the lock instead. See foreign-locks.test.ts.
 */
import { Worker, workerData } from "node:worker_threads";
import { Queue } from "../../src/index.js";
import { runtime } from "../../src/thread/current.js";
import { lock } from "../../src/memory/lock.js";
import { pointerOf } from "../../src/queue/queue.js";

export interface Order {
  /** Ids of queues: the one to lock, and the one on which to report that. */
  readonly locked: number;
  readonly ready: number;
  readonly depth: number;
  /** Whether it exits while it holds the lock. */
  readonly exit?: boolean;
}

const order = workerData as Order;
const { m } = runtime();
if (order.depth > 0) {
  new Worker(new URL(import.meta.url), { workerData: { ...order, depth: order.depth - 1 } });
} else {
  lock(m, pointerOf(new Queue(order.locked)));
  new Queue<number>(order.ready).putNowait(0);
  if (order.exit === true) process.exit(7);
}
setInterval(() => {}, 0x7fffffff);
