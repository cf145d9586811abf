/** Is loaded by `--import`, before the worker's file. */
import { workerData } from "node:worker_threads";

await Promise.resolve();
if (workerData === "broken") throw new RangeError("a preload that throws");
(globalThis.preloaded ??= []).push(["import", workerData]);
