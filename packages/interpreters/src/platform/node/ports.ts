import {
  type BroadcastChannel,
  MessageChannel,
  MessagePort,
  receiveMessageOnPort,
} from "node:worker_threads";

export { MessageChannel, MessagePort };
/** An open file, which can move from thread to thread, too. */
export type { FileHandle } from "node:fs/promises";

/** Takes the next message that has arrived, without waiting for the event loop. Returns undefined if none has. */
export function receiveNow(port: MessagePort | BroadcastChannel): { message: unknown } | undefined {
  // Node also accepts a BroadcastChannel here; its types list ports only.
  return receiveMessageOnPort(port as MessagePort);
}
