/** The worker's requests for jobs: few of them, and no job is overlooked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type JobsOptions, Queue, type RedisQueueBackend } from "bullmq";
import { fromModule } from "interpreters";
import { createWorker } from "../src/index.js";
import { fetchingBackend } from "../src/fetching.js";
import { executorOf, root, until } from "./support/fleet.js";
import { Redis, skip } from "./support/redis.js";

const f = fromModule<typeof import("./support/functions.js")>(
  new URL("./support/functions.js", import.meta.url),
);
const options = { skip, timeout: 60_000 };

/** A queue, and a worker's side of it, which takes jobs only when a test says so. */
async function arrange(redis: Redis): Promise<{
  add(id: string, more?: JobsOptions): Promise<void>;
  /** The id of the next job, or 0. */
  fetch(): Promise<unknown>;
  /** Whether the marker ended a wait. */
  wait(seconds?: number): Promise<boolean>;
  backend: RedisQueueBackend;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const queue = new Queue("q", { connection });
  const given = { connection, lockDuration: 30_000 };
  const backend = fetchingBackend("q", given, { withBlockingConnection: true });
  await Promise.all([queue.waitUntilReady(), backend.waitUntilReady()]);
  return {
    backend,
    add: async (id, more) => void (await queue.add(id, {}, { jobId: id, ...more })),
    async fetch() {
      const [, id] = (await backend.moveToActive("token")) as [unknown, unknown];
      return id;
    },
    wait: async (seconds = 0.05) => (await backend.waitForJob(seconds)) !== null,
    async [Symbol.asyncDispose]() {
      await backend.close();
      await queue.close();
    },
  };
}

/** How often Redis has executed a command. */
async function calls(redis: Redis, command: string): Promise<number> {
  const stats = await redis.command("INFO", "commandstats");
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

test(
  "after a wait and a job, the next request is answered without Redis, and the one after it is not",
  options,
  async () => {
    await using redis = await Redis.start();
    await using place = await arrange(redis);
    await place.add("a");
    await place.wait();
    assert.equal(await place.fetch(), "a");
    await place.add("b");
    const before = await calls(redis, "evalsha");
    assert.equal(await place.fetch(), 0);
    assert.equal(await calls(redis, "evalsha"), before);
    assert.equal(await place.fetch(), "b");
    // It has not waited for the last job.
    await place.add("c");
    assert.equal(await place.fetch(), "c");
  },
);

test("a wait removes the marker only if no job waits, has a priority, or is delayed", options, async () => {
  await using redis = await Redis.start();
  await using place = await arrange(redis);
  const all: [string, JobsOptions][] = [
    ["a", {}],
    ["b", { priority: 3 }],
  ];
  for (const [id, more] of all) {
    await place.add(`${id}1`, more);
    await place.add(`${id}2`, more);
    assert.equal(await place.wait(), true);
    assert.equal(await place.fetch(), `${id}1`);
    assert.equal(await place.fetch(), 0);
    assert.equal(await place.wait(), true);
    assert.equal(await place.fetch(), `${id}2`);
    assert.equal(await place.fetch(), 0);
    // Redis has set the marker for the last job, too.
    assert.equal(await place.wait(), false);
  }
  await place.add("d", { delay: 600_000 });
  assert.equal(await place.wait(), true);
  const [, id, , until] = (await place.backend.moveToActive("token")) as number[];
  assert.equal(id, 0);
  assert.ok(until > Date.now());
});

test("a job that is added while a worker does not wait ends its next wait", options, async () => {
  await using redis = await Redis.start();
  await using place = await arrange(redis);
  await place.add("a");
  await place.wait();
  assert.equal(await place.fetch(), "a");
  assert.equal(await place.fetch(), 0);
  await place.add("b");
  assert.equal(await place.wait(), true);
  assert.equal(await place.fetch(), "b");
  const waits = place.wait(5);
  await place.add("c");
  assert.equal(await waits, true);
});

test("a task that comes alone makes a worker ask for jobs once, and wait once", options, async () => {
  await using redis = await Redis.start();
  await using worker = await createWorker({
    queue: "tasks",
    connection: redis.url,
    root,
    workers: 2,
    log: () => undefined,
  });
  await using executor = executorOf(redis.url);
  const run = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) assert.equal(await executor.submit(f.square, n), n * n);
    await until(() => worker.counts().running === 0, "the worker is idle");
  };
  await run(50);
  const counts = async (): Promise<number[]> =>
    await Promise.all(["bzpopmin", "evalsha"].map(async (name) => await calls(redis, name)));
  const before = await counts();
  await run(200);
  const [waits, scripts] = (await counts()).map((count, i) => (count - before[i]) / 200);
  // BullMQ's own workers wait twice. Five scripts: the job is added and fetched, it has its outcome and ends, and the wait looks whether jobs wait. Signs of
  // life come now and then.
  assert.ok(waits < 1.5, `${waits} waits for each task`);
  assert.ok(scripts < 6, `${scripts} scripts for each task`);
});
