/**
 * Tasks through BullMQ on a redis-server of the contender's own: BullMQExecutor, and BullMQ itself with its caller and its worker in one
 * process, whose processor is a function or sandboxed in threads.
 */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Queue, QueueEvents, Worker } from "bullmq";
import { fromModule } from "interpreters";
import { BullMQExecutor } from "interpreters-bullmq";
import { task } from "./bullmq.task.js";

const sandbox = new URL("./bullmq.task.js", import.meta.url);
const waitingSandbox = new URL("./bullmq.wait.js", import.meta.url);

/** The executor of the tasks. */
export interface Remote {
  run(iterations: number): PromiseLike<unknown>;
  stop(): Promise<void>;
}

async function startRedis(): Promise<{ url: string; stop(): Promise<void> }> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  const folder = mkdtempSync(join(tmpdir(), "interpreters-bench-"));
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const server = spawn("redis-server", options, { stdio: "ignore" });
  const listens = async (): Promise<boolean> => {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  };
  while (!(await listens())) await delay(20);
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** BullMQExecutor, and a worker process with as many interpreters, each of which runs `concurrency` tasks at a time. With more than one, tasks wait. */
export async function startExecutor(workers: number, concurrency = 1): Promise<Remote> {
  const redis = await startRedis();
  const script = fileURLToPath(new URL("./bullmq.worker.js", import.meta.url));
  const child = fork(script, [redis.url, String(workers), String(concurrency)]);
  await once(child, "message");
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const executor = new BullMQExecutor({ queue: "bench", connection: redis.url, root });
  const { task: remote, wait } = fromModule<typeof import("./bullmq.task.js")>(sandbox);
  return {
    run: (iterations) => (concurrency > 1 ? executor.submit(wait) : executor.submit(remote, iterations)),
    async stop() {
      await executor.shutdown();
      child.kill("SIGKILL");
      await redis.stop();
    },
  };
}

/** BullMQ alone. `sandboxed`: in threads, whose tasks compute, or wait. `answer`: how the caller learns of the result: from the worker's event in this process, or as a caller elsewhere does. */
export async function startBullMQ(
  workers: number,
  sandboxed: false | "computes" | "waits",
  answer: "here" | "elsewhere",
): Promise<Remote> {
  const redis = await startRedis();
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const processor =
    sandboxed === "waits"
      ? waitingSandbox
      : sandboxed === "computes"
        ? sandbox
        : (job: { data: number }) => Promise.resolve(task(job.data));
  const worker = new Worker("bench", processor as never, {
    connection,
    concurrency: workers,
    useWorkerThreads: true,
  });
  const queue = new Queue("bench", { connection });
  const events = new QueueEvents("bench", { connection });
  await Promise.all([worker.waitUntilReady(), events.waitUntilReady()]);
  const open = new Map<string, (value: unknown) => void>();
  worker.on("completed", ({ id = "" }, value) => {
    open.get(id)?.(value);
    open.delete(id);
  });
  let last = 0;
  return {
    async run(iterations) {
      if (answer === "elsewhere") {
        const job = await queue.add("task", iterations, { removeOnComplete: 100 });
        return (await job.waitUntilFinished(events)) as unknown;
      }
      const jobId = `task-${++last}`;
      const done = new Promise((resolve) => open.set(jobId, resolve));
      await queue.add("task", iterations, { jobId, removeOnComplete: true });
      return await done;
    },
    async stop() {
      await worker.close();
      await Promise.all([queue.close(), events.close()]);
      await redis.stop();
    },
  };
}
