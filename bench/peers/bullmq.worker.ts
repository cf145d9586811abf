/** A worker of interpreters-bullmq in a process of its own. Arguments: the URL of Redis, the number of interpreters, and how many tasks each runs at a time. */
import { fileURLToPath } from "node:url";
import { createWorker } from "interpreters-bullmq";

const [connection, workers, concurrency] = process.argv.slice(2);
const root = fileURLToPath(new URL("../..", import.meta.url));
await createWorker({
  queue: "bench",
  connection,
  workers: Number(workers),
  concurrency: Number(concurrency),
  root,
});
process.send?.("ready");
process.on("disconnect", () => process.exit());
