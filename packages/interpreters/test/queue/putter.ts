/** Functions of unbound.test.ts for interpreters that end afterwards. */
import { createQueue, type Queue, UNBOUND, UNBOUND_ERROR, UNBOUND_KEEP, UNBOUND_REMOVE } from "interpreters";

/** Puts into each queue two items with its default, one with each behaviour, and a large one. */
export function putEachWay(queues: Queue<unknown, unknown>[]): void {
  for (const queue of queues) {
    queue.putSync("default");
    queue.putSync({ large: "x".repeat(5000) });
    queue.putSync("unbound", { unboundItems: UNBOUND });
    queue.putNowait("error", { unboundItems: UNBOUND_ERROR });
    queue.putSync("removed", { unboundItems: UNBOUND_REMOVE });
    queue.putSync("kept", { unboundItems: UNBOUND_KEEP });
    queue.putNowait(new Uint8Array(100_000), { unboundItems: UNBOUND_REMOVE });
  }
}

/** Creates a queue with an item in it and hands it out in an item that outlives this interpreter. */
export function makeQueue(carrier: Queue<Queue<number, never>, never>): void {
  const queue = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });
  queue.putSync(1);
  carrier.putSync(queue);
}
