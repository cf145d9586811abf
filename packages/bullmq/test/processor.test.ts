/** `processor`: BullMQ's own workers with a pool of interpreters. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Job, Queue, QueueEvents, Worker } from "bullmq";
import { processor, type ProcessorOptions } from "../src/index.js";
import { until } from "./support/fleet.js";
import { Redis, skip } from "./support/redis.js";

const module = new URL("./support/jobs.js", import.meta.url);
const options = { skip, timeout: 60_000 };

async function arrange(more: ProcessorOptions = {}): Promise<{
  queue: Queue;
  worker: Worker;
  result(job: Job): Promise<unknown>;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const redis = await Redis.start();
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const run = processor(module, { maxWorkers: 2, ...more });
  const worker = new Worker("jobs", run, {
    connection,
    concurrency: 4,
    lockDuration: 2000,
    stalledInterval: 500,
  });
  const queue = new Queue("jobs", { connection });
  const events = new QueueEvents("jobs", { connection });
  await events.waitUntilReady();
  return {
    queue,
    worker,
    result: async (job) => (await job.waitUntilFinished(events)) as unknown,
    async [Symbol.asyncDispose]() {
      await worker.close();
      await run.close();
      await Promise.all([queue.close(), events.close()]);
      await redis[Symbol.asyncDispose]();
    },
  };
}

test("a job's function gets the job, and its result is the job's", options, async () => {
  await using place = await arrange();
  const jobs = await place.queue.addBulk([1, 2, 3].map((n) => ({ name: "square", data: { n } })));
  const results = await Promise.all(jobs.map(async (job) => await place.result(job)));
  assert.deepEqual(
    results,
    [1, 4, 9].map((square) => ({ square, name: "square", token: "string" })),
  );
});

test("progress and logs reach BullMQ", options, async () => {
  await using place = await arrange();
  const job = await place.queue.add("x", { n: 2, do: "report" });
  await place.result(job);
  const after = await place.queue.getJob(job.id as string);
  assert.equal(after?.progress, 50);
  assert.deepEqual((await place.queue.getJobLogs(job.id as string)).logs, ["half"]);
});

test(
  "an interpreter that ends fails its job, which BullMQ tries again; a thrown error fails it",
  options,
  async () => {
    await using place = await arrange();
    const exits = await place.queue.add("x", { n: 3, do: "exit" }, { attempts: 2 });
    const throws = await place.queue.add("x", { n: 4, do: "throw" });
    const others = await place.queue.addBulk([1, 2, 3, 4].map((n) => ({ name: "x", data: { n } })));
    assert.equal(((await place.result(exits)) as { square: number }).square, 9);
    await assert.rejects(place.result(throws), /no 4/);
    assert.equal((await Promise.all(others.map(async (job) => await place.result(job)))).length, 4);
  },
);

test("a job can be cancelled, whatever it does", options, async () => {
  await using place = await arrange();
  const job = await place.queue.add("x", { n: 1, do: "hang" });
  await until(() => place.worker.cancelJob(job.id as string, "enough"), "it runs");
  await assert.rejects(place.result(job));
  assert.equal(((await place.result(await place.queue.add("x", { n: 5 }))) as { square: number }).square, 25);
});

test("another export can be named; a wrong module is refused", options, async () => {
  await using place = await arrange({ export: "twice" });
  assert.equal(await place.result(await place.queue.add("x", { n: 5 })), 10);
  assert.throws(() => processor("./jobs.js"), /expected the URL of a module/);
});

test("jobs of two queues with the same id have their own progress", options, async () => {
  const redis = await Redis.start();
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const run = processor(module, { maxWorkers: 2 });
  const names = ["one", "two"];
  const queues = names.map((name) => new Queue(name, { connection }));
  const jobs = await Promise.all(
    queues.map(async (queue) => await queue.add("x", { n: 2, do: "report" }, { jobId: "same" })),
  );
  const workers = names.map((name) => new Worker(name, run, { connection }));
  await until(
    async () => (await Promise.all(jobs.map(async (job) => await job.isCompleted()))).every(Boolean),
    "both are done",
  );
  const after = await Promise.all(queues.map(async (queue) => (await queue.getJob("same"))?.progress));
  assert.deepEqual(after, [50, 50]);
  await Promise.all(workers.map(async (worker) => await worker.close()));
  await run.close();
  await Promise.all(queues.map(async (queue) => await queue.close()));
  await redis[Symbol.asyncDispose]();
});
