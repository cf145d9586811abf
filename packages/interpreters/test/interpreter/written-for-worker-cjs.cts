/** As written-for-worker.ts, as a CommonJS module. */
import workerThreads = require("node:worker_threads");

const { parentPort, workerData } = workerThreads;
parentPort?.on("message", (text: string) =>
  parentPort.postMessage([workerData, text, require("worker_threads").workerData === workerData]),
);
parentPort?.postMessage("ready");

function double(n: number): number {
  return n * (workerData as number);
}

export = { double };
