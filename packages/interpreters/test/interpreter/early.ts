/** A worker that starts before the runtime does, for the tests of discovery. It imports this package when it gets a message. */
import { parentPort } from "node:worker_threads";

parentPort?.on("message", (id: number | undefined) => {
  void import("interpreters").then(({ getCurrent, listAll, Queue }) => {
    if (id === undefined) {
      const { whence } = getCurrent();
      parentPort?.postMessage([getCurrent().id, whence, listAll().length]);
    } else new Queue<[number, string]>(id).putNowait([getCurrent().id, getCurrent().whence]);
  });
});
parentPort?.postMessage("started");
