/** The memory grows while other threads hold views of its old size. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, createQueue, type Queue } from "interpreters";
import { sharedMemory, pointerOf } from "../support/queues.js";
import { WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

/** Creates queues until one lies in memory that did not exist before. */
function queueBeyond(hoard: Queue[]): Queue<number> {
  const { size } = sharedMemory();
  for (;;) {
    const queue = createQueue<number>();
    hoard.push(queue as Queue);
    if (pointerOf(queue as Queue) * 4 > size) return queue;
  }
}

test(
  "a queue that lies beyond what a thread has seen of the memory can be sent there, in a call and in an item",
  limits,
  async () => {
    const hoard: Queue[] = [];
    const other = create();
    const items = createQueue<Queue<number>>();
    await other.call((q) => q.qsize(), items);
    const argument = queueBeyond(hoard);
    argument.putNowait(1);
    assert.equal(await other.call((q) => q.getSync(), argument), 1);
    const carried = queueBeyond(hoard);
    carried.putNowait(2);
    items.putNowait(carried);
    assert.equal(await other.call((q) => (q.getSync() as Queue<number>).getSync(), items), 2);
    // An interpreter that only drops the queue has not mapped its page before.
    items.putNowait(queueBeyond(hoard));
    await other.call((q) => q.shutdown({ immediate: true }), items);
    assert.equal(items.qsize(), 0);
    for (const queue of hoard) queue.close();
    await other.close();
  },
);
