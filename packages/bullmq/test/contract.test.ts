/** `BullMQExecutor` keeps the contract of executors, but for what it declares here. */
import { after } from "node:test";
import type * as Suite from "../../interpreters/test/futures/contract/suite.js";
import { type BullMQExecutor, createWorker, type QueueWorker } from "../src/index.js";
import { executorOf } from "./support/fleet.js";
import { Redis, skip } from "./support/redis.js";

// The suite is part of the tests of `interpreters`, which are compiled elsewhere. Its functions lie there, too.
const built = new URL("../../../interpreters/dist/test/futures/contract/suite.js", import.meta.url);
const { executorContract } = (await import(built.href)) as typeof Suite;
const root = new URL("../../../interpreters", import.meta.url).pathname;

const redis = skip === false ? await Redis.start() : undefined;
const workers = new Map<BullMQExecutor, QueueWorker>();
let queues = 0;

after(async () => {
  for (const worker of workers.values()) await worker.close({ grace: 0 });
  await redis?.[Symbol.asyncDispose]();
});

executorContract({
  name: "BullMQExecutor",
  skip,
  async open(opening) {
    const { url } = redis as Redis;
    // A queue and a worker for each test, which ends with it.
    const queue = `contract-${++queues}`;
    const worker = await createWorker({
      queue,
      connection: url,
      root,
      workers: opening.workers,
      log: () => undefined,
    });
    const executor = executorOf(url, { queue, root, retries: opening.retries });
    const shutdown = executor.shutdown.bind(executor);
    executor.shutdown = async (options) => {
      await shutdown(options);
      await worker.close({ grace: 0 });
    };
    workers.set(executor, worker);
    return executor;
  },
  cannot: {
    "a future says whether its task runs":
      "the caller learns of a task when it is done: saying more would double the messages",
    "a task that runs cannot be cancelled": "the caller does not know that it runs, so cancel() stops it",
    "stats tell running tasks from waiting ones": "as above; counts() asks Redis",
    "blocking forms block": "outcomes arrive by the network, which a blocked thread does not read",
    "a function as its text": "functions are found by the name of their module, and compared on both sides",
    "a builtin function": "as above; those of builtin modules work",
    "queues as arguments": "a queue lives in the memory of one process",
    "buffers that move": "nothing moves to another process: buffers are copied",
  },
});
