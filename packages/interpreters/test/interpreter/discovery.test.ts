/** Threads that are older than the runtime discover it. The order matters: each test continues from the previous one. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { after, test } from "node:test";
import { Worker } from "node:worker_threads";
import { create, createQueue, listAll } from "interpreters";
import { until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const workers = Array.from({ length: 4 }, () => new Worker(new URL("early.js", import.meta.url)));
const [first, second, third, fourth] = workers as [Worker, Worker, Worker, Worker];
await Promise.all(workers.map((worker) => once(worker, "message")));
after(() => Promise.all(workers.map((worker) => worker.terminate())));

test(
  "workers that use the package before main does share the runtime that main will use",
  limits,
  async () => {
    for (const [i, worker] of [first, second].entries()) {
      worker.postMessage(undefined);
      assert.deepEqual(await once(worker, "message"), [[i + 1, "worker_threads", i + 2]]);
    }
    assert.deepEqual(
      listAll().map(({ id, whence }) => [id, whence]),
      [
        [0, "runtime init"],
        [1, "worker_threads"],
        [2, "worker_threads"],
      ],
    );
  },
);

test("where there is no supervisor yet, main answers", limits, async () => {
  const queue = createQueue<[number, string]>();
  third.postMessage(queue.id);
  assert.deepEqual(await queue.get(), [3, "worker_threads"]);
});

test("the supervisor answers, also while main is blocked", limits, async () => {
  await using interp = create();
  assert.equal(await interp.call(Math.max, 1), 1);
  const queue = createQueue<[number, string]>();
  fourth.postMessage(queue.id);
  assert.deepEqual(queue.getSync(), [interp.id + 1, "worker_threads"]);
});

// Elsewhere its end stays unnoticed: the thread that started it had not joined by then.
const linux = {
  ...limits,
  skip: existsSync("/proc/thread-self") ? false : "the operating system does not tell",
};

test("who has joined this way is missed when it ends", linux, async () => {
  await using _ = create();
  await third.terminate();
  await until(() => listAll().filter(({ whence }) => whence === "worker_threads").length === 3, "it is gone");
});
