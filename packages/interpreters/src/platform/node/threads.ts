export { isMainThread, parentPort, SHARE_ENV, threadId, Worker, workerData } from "node:worker_threads";
