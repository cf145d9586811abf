/** Work that holds locks most of the time, for locks.test.ts. Interpreters run it until they are killed. */
import { createQueue, listQueues, Queue, QueueEmpty, QueueNotFoundError, UNBOUND_KEEP } from "interpreters";

/** A unique number, and a payload that makes its record small or large, or makes it carry a queue. */
export type Token = readonly [number, string | Queue];
export type Ring = Queue<Token, never>;

/** Takes tokens and puts them back at the end of the queue, `several` at a time. */
export function rotate(ring: Ring, several: number): never {
  for (;;) {
    try {
      if (several === 1) ring.putNowait(ring.getNowait());
      else ring.putManySync(ring.getManySync(several, { timeout: 0 }));
    } catch (error) {
      if (!(error instanceof QueueEmpty)) throw error;
    }
  }
}

/** Creates queues, fills them with items of all kinds, and ends them in each way; lists all queues in between. */
export function litter(ring: Ring): never {
  for (let i = 0; ; i++) {
    const queue = createQueue<unknown>(0, { unboundItems: UNBOUND_KEEP });
    for (let n = 0; n < 200; n++)
      queue.putNowait(n % 20 === 0 ? "x".repeat(5000) : n % 7 === 0 ? [queue, ring] : n);
    for (let n = 0; n < 50; n++) queue.getNowait();
    if (i % 3 === 0) queue.shutdown({ immediate: true });
    queue.close();
    if (i % 4 === 0) listQueues();
    try {
      new Queue(queue.id);
    } catch (error) {
      if (!(error instanceof QueueNotFoundError)) throw error;
    }
  }
}

/** Moves tokens too, but is not killed. Returns the number of its rounds. */
export function accompany(ring: Ring, until: Queue<number>): number {
  for (let rounds = 0; ; rounds++) {
    for (let n = 0; n < 100; n++) ring.putSync(ring.getSync());
    if (until.qsize() > 0) return rounds;
  }
}
