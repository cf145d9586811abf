/** A worker of interpreters-bullmq in a process of its own. Arguments: the URL of Redis and the number of interpreters. */
import { fileURLToPath } from "node:url";
import { createWorker } from "interpreters-bullmq";

const [connection, workers] = process.argv.slice(2);
const root = fileURLToPath(new URL("../..", import.meta.url));
await createWorker({ queue: "bench", connection, workers: Number(workers), root });
process.send?.("ready");
process.on("disconnect", () => process.exit());
