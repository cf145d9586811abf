/** Redis that is away, or full, and workers that freeze: callers learn how their tasks end. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { type Future, fromModule, InterpreterError } from "interpreters";
import { type BullMQExecutor, createWorker, type WorkerOptions } from "../src/index.js";
import { executorOf, Fleet, root, until } from "./support/fleet.js";
import { Proxy, Redis, skip } from "./support/redis.js";

const f = fromModule<typeof import("./support/functions.js")>(
  new URL("./support/functions.js", import.meta.url),
);
const options = { skip, timeout: 60_000 };

async function serve(redis: Redis, more: Partial<WorkerOptions> = {}): ReturnType<typeof createWorker> {
  const { url: connection } = redis;
  return await createWorker({ queue: "tasks", connection, root, workers: 1, log: () => undefined, ...more });
}

async function folder(): Promise<AsyncDisposable & { file: string }> {
  const made = await mkdtemp(path.join(tmpdir(), "interpreters-bullmq-"));
  const file = path.join(made, "ran");
  return { file, [Symbol.asyncDispose]: async () => await rm(made, { recursive: true }) };
}

const lines = async (file: string): Promise<string[]> =>
  (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");

/** Waits until Redis has no keys but those of the queue itself, which do not grow. */
async function settledKeys(redis: Redis): Promise<void> {
  const known =
    /^bull:tasks:(?:meta|id|events|marker|stalled|stalled-check|pc|failed|interpreters:(?:control|places))$/;
  let left: string[] = [];
  const none = async (): Promise<boolean> => {
    left = (await redis.keys()).filter((key) => !known.test(key) && !/:replies:/.test(key));
    const failed = Number(await redis.command("ZCARD", "bull:tasks:failed"));
    return left.length <= failed;
  };
  await until(none, "only the queue's own keys are left").catch((error: unknown) => {
    throw new Error(`${String(error)}: ${left.join(" ")}`);
  });
}

// They wait more than they compute.
describe("Redis or a worker is away", { concurrency: 4 }, () => {
  test("a time limit for the wait, and terminateWorkers(), hold while Redis is away", options, async () => {
    await using redis = await Redis.start();
    await using executor = executorOf(redis.url);
    await executor.ready();
    await redis.stop();
    const limited = executor.with({ waitTimeout: 100 }).submit(f.square, 1);
    const error = await limited.exception();
    assert.ok(error instanceof DOMException && error.name === "TimeoutError", String(error));
    const other = executor.submit(f.square, 2);
    const settled = Promise.allSettled([other]);
    await executor.terminateWorkers();
    assert.equal((await settled)[0].status, "rejected");
  });

  test("shutdown({ timeout }) ends while Redis is away", options, async () => {
    await using redis = await Redis.start();
    await using executor = executorOf(redis.url);
    await executor.ready();
    await redis.stop();
    const settled = Promise.allSettled([executor.submit(f.square, 2)]);
    await executor.shutdown({ timeout: 100 });
    assert.equal((await settled)[0].status, "rejected");
  });

  test("a worker that is closed while Redis is away ends after its time of grace", options, async () => {
    await using redis = await Redis.start();
    await using place = await folder();
    const log: string[] = [];
    const worker = await serve(redis, { log: (line) => void log.push(line) });
    await using executor = executorOf(redis.url);
    const future = executor.submit(f.slow, place.file, 1, 60_000);
    await until(async () => (await lines(place.file)).length === 1, "it runs");
    await redis.stop();
    await worker.close({ grace: 200 });
    assert.match(log.join("\n"), /Redis is away, so outcomes that it does not have yet are lost/);
    const settled = Promise.allSettled([future]);
    await executor.terminateWorkers();
    await settled;
  });

  test(
    "a server that accepts connections and never answers is unreachable, and lets go",
    options,
    async () => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => void sockets.add(socket));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const url = `redis://127.0.0.1:${(server.address() as { port: number }).port}`;
      const executor = executorOf(url, { connectTimeout: 300 });
      const error = await executor.submit(f.square, 1).exception();
      assert.ok(error instanceof InterpreterError && error.code === "ERR_REDIS_UNREACHABLE", String(error));
      await executor.shutdown();
      await assert.rejects(
        createWorker({ queue: "q", connection: url, connectTimeout: 300, workers: 1, log: () => undefined }),
        { code: "ERR_REDIS_UNREACHABLE" },
      );
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  );

  test("outcomes arrive from a Redis that has no memory left", options, async () => {
    await using redis = await Redis.start();
    await using _worker = await serve(redis);
    await using executor = executorOf(redis.url);
    await executor.submit(f.square, 1);
    const small = executor.submit(f.later, 500, "small");
    const large = executor.submit(f.large, 200_000);
    await until(async () => (await executor.counts()).jobs["active"] > 0, "one runs");
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    assert.equal(await small, "small");
    // Redis refuses what is large. It is sent again, and must not be taken for lost meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 9000));
    assert.equal(large.done(), false);
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    assert.equal((await large).length, 200_000);
  });

  test("a worker that has nothing to do does not wait for Redis to end", options, async () => {
    await using redis = await Redis.start();
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const [idle, patient] = [await serve(redis, { log }), await serve(redis, { log })];
    await using executor = executorOf(redis.url);
    assert.equal(await executor.submit(f.square, 2), 4);
    await redis.stop();
    await until(() => !idle.counts().connected && !patient.counts().connected, "they have noticed");
    lines.length = 0;
    await idle.close();
    await patient.close({ grace: 200 });
    // For longer than the time of grace, and what follows.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(lines, []);
  });

  test(
    "the outcome of a task that ran through a restart of Redis waits for its caller",
    options,
    async () => {
      await using redis = await Redis.start();
      await using near = await Proxy.start(redis.port);
      await using place = await folder();
      await using worker = await serve(redis);
      await using executor = executorOf(near.url);
      const future = executor.submit(f.slow, place.file, 1, 1000);
      await until(async () => (await lines(place.file)).length === 1, "it runs");
      // Nothing is stored, and only the worker gets a connection.
      near.drop();
      await redis.stop("SIGKILL");
      await redis.resume();
      await until(() => worker.counts().running === 0 && worker.counts().connected, "the worker is back");
      await until(
        async () => (await redis.command("INFO", "commandstats")).includes("cmdstat_exists"),
        "its outcome has found no stream",
      );
      near.restore();
      assert.equal(await future, 1);
    },
  );

  test("an executor can start while Redis has no memory left", options, async () => {
    await using redis = await Redis.start();
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    await using executor = executorOf(redis.url);
    await executor.ready();
  });

  test(
    "a worker that freezes for longer than its claim lasts does not change the outcome",
    options,
    async () => {
      await using redis = await Redis.start();
      await using place = await folder();
      await using fleet = new Fleet({ queue: "tasks", connection: redis.url, workers: 1 });
      const frozen = await fleet.start();
      await using executor = executorOf(redis.url, { retries: 1 });
      await using strict = executorOf(redis.url);
      const counts = [0, 0];
      const first = executor.submit(f.slowWith, place.file, 1, 3000, new Uint8Array(100_000));
      first.addDoneCallback(() => counts[0]++);
      await until(async () => (await lines(place.file)).length === 1, "the first runs");
      frozen.kill("SIGSTOP");
      const second = strict.submit(f.slow, place.file, 2, 10);
      second.addDoneCallback(() => counts[1]++);
      await fleet.start();
      assert.deepEqual(await Promise.all([first, second]), [1, 2]);
      frozen.kill("SIGCONT");
      assert.deepEqual((await lines(place.file)).toSorted(), ["1", "1", "2"]);
      // The thawed worker sends its outcome, too.
      assert.equal(await executor.submit(f.square, 3), 9);
      assert.deepEqual(counts, [1, 1]);
      await settledKeys(redis);
    },
  );

  test(
    "without retries, a task of a bundle that kills its worker is not run again, and takes no other with it",
    options,
    async () => {
      await using redis = await Redis.start();
      await using place = await folder();
      await using fleet = new Fleet({ queue: "tasks", connection: redis.url, workers: 1 });
      await fleet.start(true);
      await using executor = executorOf(redis.url);
      const run = (from: number, fatal: number): Future<number>[] =>
        Array.from({ length: 400 }, (_, i) => executor.submit(f.notedUnless, place.file, from + i, fatal));
      // It learns that they are quick, so the later ones are bundled.
      await Promise.all(run(0, -1));
      const ends = await Promise.allSettled(run(1000, 1200));
      assert.deepEqual(
        ends.flatMap(({ status }, i) => (status === "rejected" ? [1000 + i] : [])),
        [1200],
      );
      assert.equal((await lines(place.file)).filter((line) => line === "1200").length, 1);
    },
  );

  test(
    "a caller whose connection is cut while it submits runs no task twice that has an outcome",
    options,
    async () => {
      await using redis = await Redis.start();
      await using near = await Proxy.start(redis.port);
      await using _worker = await serve(redis, { workers: 2 });
      await using executor = executorOf(near.url);
      const futures = Array.from({ length: 3000 }, (_, n) => executor.submit(f.square, n));
      await until(() => executor.stats().completed > 0, "some are done");
      near.cut();
      assert.deepEqual(
        await Promise.all(futures),
        futures.map((_, n) => n * n),
      );
    },
  );

  test("a connection that goes dead is given up, and its tasks go on over a new one", options, async () => {
    await using redis = await Redis.start();
    await using near = await Proxy.start(redis.port);
    await using _worker = await serve(redis);
    await using executor = executorOf(near.url);
    await executor.submit(f.square, 1);
    near.strand();
    const future = executor.submit(f.square, 2);
    assert.equal(await future, 4);
  });

  test("a request to stop a task reaches a worker whose connection was cut", options, async () => {
    await using redis = await Redis.start();
    await using far = await Proxy.start(redis.port);
    await using place = await folder();
    await using worker = await serve(redis, { connection: far.url });
    await using executor = executorOf(redis.url);
    const abort = new AbortController();
    const future = executor.with({ signal: abort.signal }).submit(f.slow, place.file, 1, 600_000);
    await until(async () => (await lines(place.file)).length === 1, "it runs");
    far.cut();
    abort.abort();
    await assert.rejects(future);
    await until(() => worker.counts().running === 0, "it was stopped");
  });

  test(
    "what is done leaves no keys, after 10,000 tasks and after a crash",
    { ...options, timeout: 120_000 },
    async () => {
      await using redis = await Redis.start();
      await using fleet = new Fleet({ queue: "tasks", connection: redis.url });
      await fleet.start(true);
      {
        await using executor = executorOf(redis.url, { retries: 5 });
        const all: Promise<unknown>[] = [];
        for (let n = 0; n < 10_000; n++) all.push(Promise.resolve(executor.submit(f.square, n)));
        for (let n = 0; n < 20; n++)
          all.push(Promise.resolve(executor.submit(f.same, new Uint8Array(100_000))));
        await until(() => executor.stats().completed > 3000, "some are done");
        fleet.kill();
        await Promise.all(all);
      }
      await settledKeys(redis);
    },
  );

  test("asking for counts leaves no listeners behind", options, async () => {
    await using redis = await Redis.start();
    await using executor: BullMQExecutor = executorOf(redis.url);
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on("warning", note);
    for (let i = 0; i < 30; i++) await executor.counts();
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", note);
    assert.deepEqual(warnings, []);
  });
});
