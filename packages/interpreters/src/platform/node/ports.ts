import workerThreads, {
  type BroadcastChannel,
  MessageChannel,
  MessagePort,
  receiveMessageOnPort,
} from "node:worker_threads";

export { MessageChannel, MessagePort };
/** These can move from thread to thread, too. */
export type { FileHandle } from "node:fs/promises";
export type { Server, Socket } from "node:net";
export { refusalToMove } from "./refusal-to-move.js";

const { isMarkedAsUntransferable } = workerThreads as {
  isMarkedAsUntransferable?: (object: object) => boolean;
};

/** Whether the runtime refuses to move a buffer because it is marked. Node 20 cannot tell, and copies it. */
export function isMarkedToStay(buffer: ArrayBuffer): boolean {
  return isMarkedAsUntransferable?.(buffer) === true;
}

/** Why a buffer cannot come by a BroadcastChannel, if it cannot. */
export const refusedBuffers: string | undefined = undefined;

/** Whether `receiveNow` gives everything that has arrived at a port, also while a listener takes messages from it. */
export const receivesBesideListener: boolean = true;

/** Takes the next message that has arrived, without waiting for the event loop. Returns undefined if none has. */
export function receiveNow(port: MessagePort | BroadcastChannel): { message: unknown } | undefined {
  // Node also accepts a BroadcastChannel here; its types list ports only.
  return receiveMessageOnPort(port as MessagePort);
}
