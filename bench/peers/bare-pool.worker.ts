/** The least that a worker can do: take a task from the port, run it, reply. */

import { parentPort } from "node:worker_threads";
import { type Task, work } from "./work.js";

parentPort!.on("message", (task: Task | ArrayBuffer) => {
  if (task instanceof ArrayBuffer) parentPort!.postMessage(task, [task]);
  else parentPort!.postMessage(work(task));
});
