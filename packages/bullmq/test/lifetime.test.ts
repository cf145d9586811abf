/** Closed executors and workers leave nothing behind that keeps the process alive. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { root } from "./support/fleet.js";
import { Redis, skip } from "./support/redis.js";

test(
  "an executor that is shut down at once, or after its connection, lets the process end",
  { skip, timeout: 60_000 },
  async () => {
    await using redis = await Redis.start();
    for (const turns of [0, 1, 2, 3, 5, 10, 20, 50]) {
      const program = `
      import { setTimeout as delay } from "node:timers/promises";
      import { BullMQExecutor } from "interpreters-bullmq";
      const executor = new BullMQExecutor({ queue: "q", connection: process.argv[1] });
      await delay(${turns});
      await executor.shutdown();
    `;
      const child = spawn(process.execPath, ["--input-type=module", "--eval", program, redis.url], {
        cwd: root,
        stdio: "inherit",
      });
      const [code] = (await once(child, "exit")) as [number];
      assert.equal(code, 0);
    }
  },
);

test(
  "a worker that is closed while Redis is away lets the process end",
  { skip, timeout: 60_000 },
  async () => {
    await using redis = await Redis.start();
    const program = `
    import { setTimeout as delay } from "node:timers/promises";
    import { createWorker } from "interpreters-bullmq";
    const worker = await createWorker({ queue: "q", connection: process.argv[1], workers: 1, log: () => undefined });
    console.log("ready");
    while (worker.counts().connected) await delay(10);
    await worker.close();
  `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program, redis.url], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    await once(child.stdout, "data");
    await redis.stop();
    assert.equal((await ended)[0], 0);
  },
);
