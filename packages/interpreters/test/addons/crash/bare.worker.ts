/** A thread in the pool of bare.ts. */
import { parentPort, workerData } from "node:worker_threads";
import { work } from "./work.js";

await work(workerData as string);
parentPort?.postMessage("done");
