/** The least a worker can do: take a task from the port, run it, answer. */

import { parentPort } from "node:worker_threads";
import { work } from "./work.js";

parentPort!.on("message", (iterations: number) => parentPort!.postMessage(work(iterations)));
