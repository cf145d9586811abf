/** A worker that uses a lock which its parent has: it asks by a message, and waits for the answer. */

import { parentPort, workerData } from "node:worker_threads";

export type LockOrder =
  /** Acquire and release the lock `count` times. */
  | { readonly kind: "use"; readonly count: number }
  /** The lock is this worker's. */
  | { readonly kind: "granted" };

const total = workerData as Int32Array;
const parent = parentPort!;
let left = 0;

parent.on("message", (order: LockOrder) => {
  if (order.kind === "use") left = order.count;
  else {
    total[0] += 1;
    left -= 1;
    parent.postMessage("release");
  }
  parent.postMessage(left > 0 ? "acquire" : "done");
});
