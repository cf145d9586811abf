/** A worker that was there before the runtime; see invitations.test.ts. It comes to this package when it is told to. */
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
