/** Threads that this package did not start die with a lock in their hands: nobody waits for them. */
import assert from "node:assert/strict";
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
