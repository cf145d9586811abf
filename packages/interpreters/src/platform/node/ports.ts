import {
  type BroadcastChannel,
  MessageChannel,
  MessagePort,
  receiveMessageOnPort,
} from "node:worker_threads";

export { MessageChannel, MessagePort };

/** Takes the next message that has arrived, without waiting for the event loop; returns undefined if there is none. */
export function receiveNow(port: MessagePort | BroadcastChannel): { message: unknown } | undefined {
  // Node accepts a BroadcastChannel here, too; its types only know of ports.
  return receiveMessageOnPort(port as MessagePort);
}
