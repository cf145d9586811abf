const { MessageChannel: Channel, MessagePort: Port } = globalThis;

export { Port as MessagePort };
export type { FileHandle, Server, Socket } from "../node/ports.js";
export { refusalToMove } from "../node/refusal-to-move.js";

/** A port keeps no page and no worker alive. */
function withRefs<P extends object>(port: P): P {
  return Object.assign(port, { ref: (): P => port, unref: (): P => port });
}

/** As Node has it. */
export class MessageChannel {
  readonly port1: InstanceType<typeof Port>;
  readonly port2: InstanceType<typeof Port>;

  constructor() {
    const { port1, port2 } = new Channel();
    this.port1 = withRefs(port1);
    this.port2 = withRefs(port2);
  }
}

/** Gives a port that has moved here what it has lost. */
export const adoptPort = withRefs;

export const isMarkedToStay = (_buffer: ArrayBuffer): boolean => false;

/** Ports have no such receive: their messages arrive in turns of the event loop. */
export const receiveNow = (_port: object): { message: unknown } | undefined => undefined;
