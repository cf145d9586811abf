/** A file written for `new Worker`, which knows nothing of this package: worker-files.test.ts runs it in a worker and in an interpreter. */
import {
  getEnvironmentData,
  isMainThread,
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  threadId,
  workerData,
} from "node:worker_threads";

interface Data {
  readonly base: number;
  /** A port of its own, besides the parent's. */
  readonly side?: MessagePort;
  readonly flag?: SharedArrayBuffer;
}

if (parentPort === null) throw new Error("no parent");
const port = parentPort;
const { base, side, flag } = workerData as Data;

port.postMessage(["ready", isMainThread, threadId > 0, base, getEnvironmentData("greeting") ?? null]);
side?.postMessage("from the side");

port.on("message", (message: { add?: number; poll?: true; exit?: number; fail?: string; close?: true }) => {
  if (message.add !== undefined) port.postMessage(["sum", base + message.add]);
  if (message.poll) {
    // While this thread does not come to its event loop.
    if (flag !== undefined) {
      port.postMessage(["polling"]);
      Atomics.wait(new Int32Array(flag), 0, 0);
    }
    port.postMessage(["polled", receiveMessageOnPort(port)?.message]);
  }
  if (message.exit !== undefined) {
    port.postMessage(["leaving"]);
    process.exit(message.exit);
  }
  if (message.fail !== undefined) throw new RangeError(message.fail);
  if (message.close) port.close();
});
