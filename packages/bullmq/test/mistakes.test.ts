/** Mistakes give errors that say what to do, and lose nothing. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { fromModule, InterpreterError } from "interpreters";
import { Queue } from "bullmq";
import { Cluster } from "ioredis";
import {
  BullMQExecutor,
  type BullMQExecutorOptions,
  createWorker,
  type WorkerOptions,
} from "../src/index.js";
import { executorOf, root, until } from "./support/fleet.js";
import { freePort, Redis, skip } from "./support/redis.js";

const f = fromModule<typeof import("./support/functions.js")>(
  new URL("./support/functions.js", import.meta.url),
);
const options = { skip, timeout: 60_000 };
const quiet = { log: (): void => undefined };

async function failure(promise: PromiseLike<unknown>): Promise<InterpreterError> {
  const error = await Promise.resolve(promise).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof InterpreterError, String(error));
  return error;
}

test("wrong options and URLs are refused by the constructor", () => {
  const open = (given: object): BullMQExecutor => new BullMQExecutor(given as BullMQExecutorOptions);
  assert.throws(
    () => open({ queue: "q", retry: 1 }),
    /TypeError: BullMQExecutor: unknown option retry; it knows queue/,
  );
  assert.throws(() => open({ queue: "a:b" }), /queue must be the name of a queue, without colons/);
  assert.throws(
    () => open({ queue: "q", connection: "http://:secret@host" }),
    (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /http:\/\/…@host is no URL of a Redis server; it must look like redis:/);
      return true;
    },
  );
  for (const url of ["redis://:a/secret@host", "redis:/:a@secret@host", "redis://@host:port?password=secret"])
    assert.throws(
      () => open({ queue: "q", connection: url }),
      (error) => error instanceof TypeError && !error.message.includes("secret"),
    );
  assert.throws(() => open({ queue: "q", root: "/no/such/folder" }), /root must be a folder that exists/);
  assert.throws(() => open({ queue: "q", connection: 7 }), /connection must be a URL/);
  assert.throws(() => open({ queue: "q", retries: -1 }), RangeError);
  assert.throws(() => open({ queue: "q", maxValueSize: 2 ** 40 }), RangeError);
});

test("a Redis that cannot be reached fails the tasks that wait for it", { timeout: 60_000 }, async () => {
  const url = `redis://127.0.0.1:${await freePort()}`;
  await using executor = new BullMQExecutor({ queue: "q", connection: url, root, connectTimeout: 300 });
  const error = await failure(executor.submit(f.square, 1));
  assert.equal(error.code, "ERR_REDIS_UNREACHABLE");
  assert.match(
    error.message,
    /Cannot reach Redis at redis:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*check that it runs there/,
  );
  assert.equal((await failure(executor.ready())).code, "ERR_REDIS_UNREACHABLE");
  const worker = await failure(createWorker({ queue: "q", connection: url, connectTimeout: 300, ...quiet }));
  assert.equal(worker.code, "ERR_REDIS_UNREACHABLE");
});

test("a Redis that comes later is waited for", options, async () => {
  await using redis = await Redis.start();
  await redis.stop();
  await using executor = executorOf(redis.url);
  const future = executor.submit(f.square, 3);
  await redis.resume();
  await using _worker = await createWorker({
    queue: "tasks",
    connection: redis.url,
    root,
    workers: 1,
    ...quiet,
  });
  assert.equal(await future, 9);
});

test("a wrong password is an error at once, which does not show it", options, async () => {
  await using redis = await Redis.start("--requirepass", "right");
  const url = redis.url.replace("//", "//:wrong@");
  await using executor = executorOf(url);
  const error = await failure(executor.submit(f.square, 1));
  assert.equal(error.code, "ERR_REDIS_REFUSED");
  assert.match(error.message, /refused the connection.*check the user and password/);
  const worker = await failure(createWorker({ queue: "q", connection: url, ...quiet }));
  assert.equal(worker.code, "ERR_REDIS_REFUSED");
  // The log has the driver's error, too, to which the driver attaches its command.
  for (const each of [error, worker])
    assert.doesNotMatch(inspect(each, { depth: 9 }), /wrong\b(?!.*password)/);
  await using right = executorOf(redis.url.replace("//", "//:right@"));
  await right.ready();
});

test(
  "a user without the rights, and a cluster without what it needs, are errors at once",
  options,
  async () => {
    await using redis = await Redis.start("--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1");
    await redis.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await until(
      async () => (await redis.command("CLUSTER", "INFO")).includes("cluster_state:ok"),
      "the cluster is ready",
    );
    await redis.command("ACL", "SETUSER", "other", "on", ">pw", "~other:*", "+@all");
    const connection = redis.url.replace("//", "//other:pw@");
    await using other = executorOf(connection);
    for (const attempt of [
      () => other.ready(),
      () => other.counts(),
      () => other.submit(f.square, 1),
      () => createWorker({ queue: "tasks", connection, root, ...quiet }),
    ]) {
      const error = await failure(attempt());
      assert.equal(error.code, "ERR_REDIS_REFUSED");
      assert.match(error.message, /NOPERM.*give that user the right/);
    }

    await using bare = executorOf(redis.url);
    assert.match((await failure(bare.submit(f.square, 1))).message, /CROSSSLOT.*prefix in braces/);
    const clients: Cluster[] = [];
    await using _clients = {
      [Symbol.asyncDispose]: async () => await Promise.resolve(clients.forEach((each) => each.disconnect())),
    };
    const client = (): Cluster => {
      clients.push(new Cluster([{ host: "127.0.0.1", port: redis.port }]));
      return clients.at(-1) as Cluster;
    };
    await using without = executorOf("", { connection: client() });
    const error = await failure(without.ready());
    assert.equal(error.code, "ERR_REDIS_REFUSED");
    assert.match(error.message, /127\.0\.0\.1:\d+: it is a cluster.*prefix in braces, such as "\{bull\}"/);
    const more = { prefix: "{bull}", connection: client() };
    await using _worker = await createWorker({ queue: "tasks", root, workers: 1, ...more, ...quiet });
    await using executor = executorOf("", { ...more, connection: client() });
    assert.equal(await executor.submit(f.square, 3), 9);
    assert.equal((await executor.submit(f.large, 200_000)).length, 200_000);
  },
);

test("a worker without the module, or with another version of it, says so", options, async () => {
  await using redis = await Redis.start();
  const folder = await mkdtemp(path.join(tmpdir(), "interpreters-bullmq-"));
  const [here, there] = [path.join(folder, "here"), path.join(folder, "there")];
  const write = async (project: string, name: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(project, name)), { recursive: true });
    await writeFile(path.join(project, name), text);
  };
  for (const project of [here, there]) {
    await write(project, "package.json", '{ "type": "module" }');
    await write(project, "same.js", 'import { n } from "./part.js";\nexport const f = () => n;\n');
    await write(project, "part.js", `export const n = ${project === here ? 1 : 2};\n`);
    await write(
      project,
      "node_modules/pack/package.json",
      `{ "version": "1.${project.length}.0", "type": "module" }`,
    );
    await write(project, "node_modules/pack/index.js", "export const f = () => 1;\n");
    await write(project, "node_modules/equal/package.json", '{ "version": "1.0.0", "type": "module" }');
    await write(project, "node_modules/equal/index.js", "export const f = () => 'equal';\n");
  }
  await write(here, "only-here.js", "export const f = () => 1;\n");
  await write(here, "node_modules/only-here/package.json", '{ "version": "2.3.4", "type": "module" }');
  await write(here, "node_modules/only-here/index.js", "export const f = () => 1;\n");
  await using _worker = await createWorker({
    queue: "tasks",
    connection: redis.url,
    root: there,
    workers: 1,
    ...quiet,
  });
  await using executor = executorOf(redis.url, { root: here });
  const call = (file: string): PromiseLike<unknown> =>
    executor.submit(fromModule<Record<"f", () => unknown>>(path.join(here, file)).f);

  const without = await failure(call("only-here.js"));
  assert.equal(without.code, "ERR_FUNCTION_NOT_FOUND");
  assert.match(
    without.message,
    /only-here\.js: the worker on .*there\) has no such file \(deploy the project there/,
  );
  const other = await failure(call("same.js"));
  assert.equal(other.code, "ERR_FUNCTION_DIFFERS");
  assert.match(
    other.message,
    /another version of the file, or of one that it imports.*Deploy the same version/,
  );
  const version = await failure(call("node_modules/pack/index.js"));
  assert.equal(version.code, "ERR_FUNCTION_DIFFERS");
  assert.match(version.message, /pack: .* has version 1\.\d+\.0, and the caller 1\.\d+\.0/);
  const missing = await failure(call("node_modules/only-here/index.js"));
  assert.match(missing.message, /does not have it. Install it there: npm install only-here@2\.3\.4/);
  assert.equal(await call("node_modules/equal/index.js"), "equal");

  const outside = fromModule<Record<"f", () => unknown>>(path.join(folder, "outside.js")).f;
  assert.throws(() => executor.submit(outside), /lies outside of the project/);
  await rm(folder, { recursive: true });
});

test("values that are too large are refused on their side, and nothing else is", options, async () => {
  await using redis = await Redis.start();
  await using _worker = await createWorker({
    queue: "tasks",
    connection: redis.url,
    root,
    workers: 1,
    ...quiet,
  });
  await using executor = executorOf(redis.url, { maxValueSize: 10_000 });
  assert.throws(
    () => executor.submit(f.same, new Uint8Array(20_000)),
    (error) => error instanceof InterpreterError && error.code === "ERR_VALUE_TOO_LARGE",
  );
  const error = await failure(executor.submit(f.large, 20_000));
  assert.equal(error.code, "ERR_VALUE_TOO_LARGE");
  assert.match(error.message, /result of 200\d\d bytes: at most 10000 are allowed/);
  assert.equal(await executor.submit(f.square, 2), 4);
});

test("a Redis without memory refuses tasks with what to do", options, async () => {
  await using redis = await Redis.start("--maxmemory", "3mb");
  await using executor = executorOf(redis.url);
  const error = await failure(executor.submit(f.same, new Uint8Array(6_000_000)));
  assert.equal(error.code, "ERR_REDIS_REFUSED");
  assert.match(error.message, /OOM.*raise its maxmemory/);
});

test("a task that Redis has lost fails, and does not wait for ever", options, async () => {
  await using redis = await Redis.start();
  await using executor = executorOf(redis.url);
  const future = executor.submit(f.square, 2);
  const queue = new Queue("tasks", { connection: { url: redis.url } });
  await until(async () => (await queue.getJobCounts()).waiting === 1, "Redis has it");
  await queue.obliterate({ force: true });
  await queue.close();
  const error = await failure(future);
  assert.equal(error.code, "ERR_TASK_LOST");
  assert.match(error.message, /Redis does not have it any more/);
});

test("jobs that are no tasks fail without disturbing the worker", options, async () => {
  await using redis = await Redis.start();
  await using _worker = await createWorker({
    queue: "tasks",
    connection: redis.url,
    root,
    workers: 1,
    ...quiet,
  });
  const queue = new Queue("tasks", { connection: { url: redis.url } });
  const job = await queue.add("mine", { some: "data" });
  await until(async () => await job.isFailed(), "it has failed");
  await queue.close();
  await using executor = executorOf(redis.url);
  assert.equal(await executor.submit(f.square, 2), 4);
});

test("worker options are checked", async () => {
  await assert.rejects(createWorker({ queue: "q", worker: 1 } as WorkerOptions), /unknown option worker/);
  await assert.rejects(createWorker({ queue: "q", workers: 0 }), RangeError);
});
