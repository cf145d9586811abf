export { BroadcastChannel } from "node:worker_threads";

/** Whether every message is in the queues of its receivers when it was posted, and `receiveNow` takes it from there. */
export const takesBroadcastsAtOnce: boolean = true;
