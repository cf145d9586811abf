/** The worker's requests for jobs: few of them, and no job is overlooked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type JobsOptions, Queue, type RedisQueueBackend } from "bullmq";
import { fromModule } from "interpreters";
import { createWorker } from "../src/index.js";
import { fetchingBackend } from "../src/fetching.js";
import { defineScripts } from "../src/scripts.js";
import { executorOf, root, until } from "./support/fleet.js";
import { Redis, skip } from "./support/redis.js";

const f = fromModule<typeof import("./support/functions.js")>(
  new URL("./support/functions.js", import.meta.url),
);
const options = { skip, timeout: 60_000 };

/** A queue, and a worker's side of it, which takes jobs only when a test says so. */
async function arrange(redis: Redis): Promise<{
  add(id: string, more?: JobsOptions): Promise<void>;
  fetch(): Promise<unknown>;
  backend: RedisQueueBackend;
  marker(): Promise<boolean>;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const queue = new Queue("q", { connection });
  const given = { connection, lockDuration: 30_000 };
  const backend = fetchingBackend("q", given, { withBlockingConnection: true });
  await Promise.all([queue.waitUntilReady(), backend.waitUntilReady()]);
  defineScripts(await backend.client);
  return {
    backend,
    add: async (id, more) => void (await queue.add(id, {}, { jobId: id, ...more })),
    async fetch() {
      const [, id] = (await backend.moveToActive("token")) as [unknown, unknown];
      // Its question is answered before later commands are.
      await (await backend.client).get("x");
      return id;
    },
    marker: async () => (await redis.command("EXISTS", "bull:q:marker")) === "1",
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

test("after the only job, the worker's next request is answered without Redis", options, async () => {
  await using redis = await Redis.start();
  await using place = await arrange(redis);
  await place.add("a");
  assert.equal(await place.fetch(), "a");
  assert.equal(await place.marker(), false);
  const before = await calls(redis, "evalsha");
  assert.equal(await place.fetch(), 0);
  assert.equal(await calls(redis, "evalsha"), before);
  // Only one request, for the worker waits behind it.
  await place.add("b");
  assert.equal(await place.fetch(), "b");
});

test("jobs that wait, with a priority or for their time, keep the marker", options, async () => {
  await using redis = await Redis.start();
  await using place = await arrange(redis);
  await place.add("a");
  await place.add("b");
  assert.equal(await place.fetch(), "a");
  assert.equal(await place.marker(), true);
  assert.equal(await place.fetch(), "b");
  assert.equal(await place.fetch(), 0);
  await place.add("c");
  await place.add("d", { priority: 3 });
  assert.equal(await place.fetch(), "c");
  assert.equal(await place.marker(), true);
  assert.equal(await place.fetch(), "d");
  assert.equal(await place.fetch(), 0);
  await place.add("e");
  await place.add("f", { delay: 600_000 });
  assert.equal(await place.fetch(), "e");
  const before = await calls(redis, "evalsha");
  const [, id, , until] = (await place.backend.moveToActive("token")) as number[];
  assert.equal(id, 0);
  assert.ok(until > Date.now());
  assert.ok((await calls(redis, "evalsha")) > before);
});

test("a job that comes behind the answer is found", options, async () => {
  await using redis = await Redis.start();
  await using place = await arrange(redis);
  await place.add("a");
  assert.equal(await place.fetch(), "a");
  // Redis has said that no job waits.
  await place.add("b");
  assert.equal(await place.fetch(), 0);
  assert.notEqual(await place.backend.waitForJob(5), null);
  assert.equal(await place.fetch(), "b");
  // The worker has waited since the answer, which counts no more.
  assert.equal(await place.backend.waitForJob(0.01), null);
  await place.add("c");
  assert.notEqual(await place.backend.waitForJob(5), null);
  assert.equal(await place.fetch(), "c");
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
  // BullMQ's own workers wait twice. Six scripts: the job is added, fetched with the question, has its outcome, and ends. Signs of life come now and then.
  assert.ok(waits < 1.5, `${waits} waits for each task`);
  assert.ok(scripts < 6, `${scripts} scripts for each task`);
});
