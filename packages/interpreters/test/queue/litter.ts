/** Functions that sizes.test.ts runs here and in another interpreter. */
import { createQueue, Queue } from "interpreters";
import { gc } from "../support/queues.js";

/** Creates queues, uses each by its id as well, and closes or forgets it. */
export function litter(count: number): void {
  for (let i = 0; i < count; i++) {
    const queue = createQueue<unknown>(i % 3);
    queue.putNowait(i % 7 === 0 ? "x".repeat(5000) : i);
    // A queue that carries another, and one that carries itself, which only closing it can end.
    if (i % 3 === 0) queue.putNowait(createQueue());
    if (i % 9 === 0) queue.putNowait(queue);
    new Queue(queue.id).getNowait();
    if (i % 9 === 0 || i % 2 === 0) queue.close();
    else if (i % 5 === 0) queue.shutdown({ immediate: true });
  }
}

/** Collects the queues that this interpreter forgot. */
export function collect(): void {
  gc();
}
