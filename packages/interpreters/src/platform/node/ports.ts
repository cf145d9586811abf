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

const STOP = {};

/**
 * Returns the message with which the runtime refuses to move an object to another thread, or undefined if it would move it now. Moves
 * nothing: the message has a getter that throws, which runs when the runtime has looked at all that it must move. Node 20 passes over what is
 * marked as untransferable in the list of what to move, so the message also contains the object. Not for buffers, which it would copy.
 */
export function refusalToMove(object: object): string | undefined {
  const message = {
    object,
    get stop(): never {
      throw STOP;
    },
  };
  try {
    structuredClone(message, { transfer: [object as MessagePort] });
  } catch (error) {
    if (error !== STOP) return (error as Error).message;
  }
  return undefined;
}

const { isMarkedAsUntransferable } = workerThreads as {
  isMarkedAsUntransferable?: (object: object) => boolean;
};

/** Whether the runtime refuses to move a buffer because it is marked. Node 20 cannot tell, and copies it. */
export function isMarkedToStay(buffer: ArrayBuffer): boolean {
  return isMarkedAsUntransferable?.(buffer) === true;
}

/** Why a buffer cannot come by a BroadcastChannel, if it cannot. */
export const refusedBuffers: string | undefined = undefined;

/** Takes the next message that has arrived, without waiting for the event loop. Returns undefined if none has. */
export function receiveNow(port: MessagePort | BroadcastChannel): { message: unknown } | undefined {
  // Node also accepts a BroadcastChannel here; its types list ports only.
  return receiveMessageOnPort(port as MessagePort);
}
