/** Threads that this package did not start die while they hold a lock; no other thread waits for ever. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { create, createQueue, listAll, UNBOUND_REMOVE } from "interpreters";
import { until } from "../support/processes.js";
import { limits } from "./harness.js";
import type { Order } from "./holder.js";

const joined = (): number => listAll().filter(({ whence }) => whence === "worker_threads").length;

for (const depth of [0, 1, 2]) {
  test(
    `one that was started ${depth === 0 ? "by main" : `${depth} threads further down`}`,
    limits,
    async () => {
      await using _ = create();
      const [locked, ready] = [
        createQueue<number>(0, { unboundItems: UNBOUND_REMOVE }),
        createQueue<number>(),
      ];
      const order: Order = { locked: locked.id, ready: ready.id, depth };
      const worker = new Worker(new URL("holder.js", import.meta.url), { workerData: order });
      await ready.get();
      assert.equal(joined(), depth + 1);
      await worker.terminate();
      await until(() => joined() === 0, "all are gone");
      locked.putNowait(1);
      assert.equal(await locked.get(), 1);
      locked.close();
      ready.close();
    },
  );
}

// Elsewhere only the thread that started them reports their ends, from an event loop that must not be blocked.
const linux = {
  ...limits,
  skip: existsSync("/proc/thread-self") ? false : "the operating system does not tell",
};

for (const depth of [0, 1]) {
  test(
    `main waits for the lock, ${depth} threads further up, and its event loop with it`,
    linux,
    async () => {
      await using _ = create();
      const [locked, ready] = [
        createQueue<number>(0, { unboundItems: UNBOUND_REMOVE }),
        createQueue<number>(),
      ];
      const order: Order = { locked: locked.id, ready: ready.id, depth, exit: true };
      const worker = new Worker(new URL("holder.js", import.meta.url), { workerData: order });
      ready.getSync();
      locked.putSync(1);
      assert.equal(locked.getSync(), 1);
      await until(() => joined() === depth, "the one that held it is gone");
      await worker.terminate();
      await until(() => joined() === 0, "all are gone");
    },
  );
}

test(
  "a thread whose starter never heard of this package ends: it is learned of all the same",
  linux,
  async () => {
    await using _ = create();
    const ready = createQueue<number>();
    const order: Order = { locked: createQueue().id, ready: ready.id, depth: 0 };
    const inner = new URL("holder.js", import.meta.url).href;
    const starter = `const { parentPort, Worker, workerData } = require("node:worker_threads");
    const inner = new Worker(new URL(${JSON.stringify(inner)}), { workerData });
    parentPort.once("message", () => inner.terminate());
    setInterval(() => {}, 0x7fffffff);`;
    const worker = new Worker(starter, { eval: true, workerData: order });
    await ready.get();
    assert.equal(joined(), 1);
    worker.postMessage("end it");
    await until(() => joined() === 0, "it is gone");
    await worker.terminate();
  },
);

test("a thread dies while it joins, with the lock under which all others do", limits, async () => {
  await using first = create();
  assert.equal(await first.call(Math.max, 1), 1);
  const worker = new Worker(new URL("joiner.js", import.meta.url));
  await once(worker, "message");
  await worker.terminate();
  await using second = create();
  assert.equal(await second.call(Math.max, 2), 2);
});
