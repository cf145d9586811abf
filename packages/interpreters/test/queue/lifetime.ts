/** Programs about the lifetime of queues, run by registry.test.ts. Prints "as expected". */
import assert from "node:assert/strict";
import process from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import { create, createQueue, listQueues, Queue, QueueNotFoundError, UNBOUND_REMOVE } from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { get } from "../../src/memory/atomics.js";
import { C_ID, H_QUEUES, Q_NEXT } from "../../src/memory/layout.js";
import { gc, getters } from "../support/queues.js";
import { until } from "../support/processes.js";

/** Whether such a queue exists; checking must not make this interpreter a holder of it. */
function exists(id: number): boolean {
  const { m } = runtime();
  let q = get(m, H_QUEUES);
  while (q !== 0 && get(m, q + C_ID) !== id) q = get(m, q + Q_NEXT);
  return q !== 0;
}

/** Collects garbage until the queue is gone. All that could keep it must have gone out of scope. */
async function gone(id: number): Promise<void> {
  await until(() => {
    gc();
    return !exists(id);
  }, `queue ${id} goes`);
  assert.throws(() => new Queue(id), QueueNotFoundError);
}

/** Collects garbage for several turns, in which all garbage is found. */
async function stays(id: number): Promise<void> {
  for (let i = 0; i < 20; i++) {
    gc();
    await turn();
  }
  assert.ok(exists(id), `queue ${id} is there`);
}

const scenarios: Record<string, () => Promise<void>> = {
  async handle() {
    const id = (() => createQueue().id)();
    await gone(id);
    assert.deepEqual(listQueues(), []);
    const held = createQueue<number>();
    held.putNowait(1);
    await stays(held.id);
    assert.equal(held.getNowait(), 1);
  },

  async elsewhere() {
    const other = create();
    const id = await (async () => {
      const queue = createQueue<number>();
      await other.call((q) => {
        (globalThis as { kept?: unknown }).kept = q;
      }, queue);
      return queue.id;
    })();
    await stays(id);
    await other.call(() => (globalThis as unknown as { kept: Queue<number> }).kept.putSync(5));
    assert.equal((() => (new Queue(id) as Queue<number>).getNowait())(), 5);
    await other.terminate();
    await gone(id);
  },

  async carried() {
    const carrier = createQueue<Queue<string>>();
    const id = (() => {
      const inner = createQueue<string>();
      inner.putNowait("alive");
      carrier.putNowait(inner);
      return inner.id;
    })();
    await stays(id);
    (() => {
      const inner = carrier.getNowait() as Queue<string>;
      assert.equal(inner.id, id);
      assert.equal(inner.getNowait(), "alive");
    })();
    await gone(id);
  },

  async unbound() {
    const carrier = createQueue<Queue>(0, { unboundItems: UNBOUND_REMOVE });
    const other = create();
    const id = await (async () => {
      const inner = createQueue();
      await other.call((c, q) => c.putSync(q), carrier, inner);
      return inner.id;
    })();
    await stays(id);
    await other.close();
    assert.equal(carrier.qsize(), 0);
    await gone(id);
  },

  async closed() {
    const carrier = createQueue<Queue[]>();
    const id = (() => {
      const inner = createQueue();
      for (let i = 0; i < 50; i++) carrier.putNowait([inner, inner]);
      return inner.id;
    })();
    await stays(id);
    carrier.close();
    await gone(id);
  },

  async awaited() {
    const other = create();
    const { id, got } = (() => {
      const queue = createQueue<number>();
      return { id: queue.id, got: queue.get() };
    })();
    await until(() => exists(id));
    await stays(id);
    const queue = new Queue<number>(id);
    assert.equal(getters(queue), 1);
    await other.call((q) => q.putSync(3), queue);
    assert.equal(await got, 3);
    await other.close();
  },
};

const scenario = scenarios[process.argv[2] ?? ""];
await scenario();
process.stdout.write("as expected\n");
