export { BroadcastChannel } from "node:worker_threads";

/** How many messages may be on their way to a receiver that does not get on before some are lost. */
export const messagesKept: number = Infinity;
