/** The command `interpreters worker`: a real process, a real Redis, signals, and the endpoint. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fromModule } from "interpreters";
import { executorOf, root, until } from "./support/fleet.js";
import { freePort, Redis, skip } from "./support/redis.js";

const f = fromModule<typeof import("./support/functions.js")>(
  new URL("./support/functions.js", import.meta.url),
);
const main = fileURLToPath(new URL("../../../cli/dist/src/main.js", import.meta.url));
const options = { skip, timeout: 60_000 };

function start(...args: string[]): { child: ChildProcess; log(): string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [main, "worker", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (bytes: Buffer) => (log += bytes.toString()));
  child.stdout.on("data", (bytes: Buffer) => (log += `stdout: ${bytes.toString()}`));
  return { child, log: () => log, ended: once(child, "exit").then(([code]) => code as number | null) };
}

test("it serves a queue, shows how it is, and ends with 0 when asked to", options, async () => {
  await using redis = await Redis.start();
  const port = await freePort();
  const { child, log, ended } = start(
    "--queue",
    "tasks",
    "--redis",
    redis.url,
    "--workers",
    "1",
    "--concurrency",
    "2",
    "--listen",
    String(port),
  );
  await until(() => log().includes("serves the queue tasks on redis://127.0.0.1"), `it serves: ${log()}`);
  await using executor = executorOf(redis.url);
  assert.equal(await executor.submit(f.square, 4), 16);
  await executor.submit(f.throws, "x").exception();
  const health = await fetch(`http://127.0.0.1:${port}/health`);
  assert.deepEqual([health.status, ((await health.json()) as { status: string }).status], [200, "ok"]);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.match(metrics, /^# TYPE interpreters_tasks_total counter$/m);
  assert.match(metrics, /^interpreters_tasks_total\{queue="tasks",outcome="completed"\} 1$/m);
  assert.match(metrics, /^interpreters_tasks_total\{queue="tasks",outcome="failed"\} 1$/m);
  assert.match(metrics, /^interpreters_redis_connected\{queue="tasks"\} 1$/m);
  const last = executor.submit(f.later, 300, "finished");
  await until(async () => {
    const { running } = (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as {
      running: number;
    };
    return running === 1;
  }, "the task runs");
  child.kill("SIGTERM");
  assert.equal(await last, "finished");
  assert.equal(await ended, 0);
  assert.match(log(), /ending; 1 running tasks[^]*ended; 2 tasks completed, 1 failed, 0 given back/);
});

test("it can be ended before it has a connection, by one Ctrl-C", { timeout: 60_000 }, async () => {
  // It takes connections, and never answers.
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const connected = once(server, "connection");
  const { port } = server.address() as { port: number };
  const { child, log, ended } = start("--queue", "tasks", "--redis", `redis://127.0.0.1:${port}`);
  const [socket] = (await connected) as [Socket];
  child.kill("SIGINT");
  assert.equal(await ended, 0, log());
  assert.match(log(), /ended before it was connected/);
  socket.destroy();
  server.close();
});

test("it takes no task if its endpoint cannot listen", options, async () => {
  await using redis = await Redis.start();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await using executor = executorOf(redis.url);
  const future = executor.submit(f.square, 2);
  await until(async () => (await executor.counts()).jobs["waiting"] === 1, "it waits");
  const { log, ended } = start("--queue", "tasks", "--redis", redis.url, "--listen", String(port));
  assert.equal(await ended, 1);
  assert.match(log(), /EADDRINUSE/);
  assert.equal((await executor.counts()).jobs["waiting"], 1);
  assert.equal(future.cancel(), true);
  server.close();
});

test("mistakes are said on stderr: no Redis, a wrong URL, no queue", { timeout: 60_000 }, async () => {
  const none = start("--queue", "tasks", "--redis", "http://localhost");
  assert.equal(await none.ended, 1);
  assert.match(none.log(), /http:\/\/localhost is no URL of a Redis server/);
  const usage = start("--workers", "1");
  assert.equal(await usage.ended, 2);
  assert.match(usage.log(), /required option '-q, --queue <name>'/);
});
