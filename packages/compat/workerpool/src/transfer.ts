const BRAND = Symbol.for("@interpreters/workerpool.transfer");

/** The value that a worker's function returns, or passes to `workerEmit`, to move objects to the pool's thread instead of copying them. */
export class Transfer {
  message: unknown;
  transfer: object[];

  /**
   * @param message the result or the event
   * @param transfer what in it is to move: ArrayBuffers, MessagePorts and others
   */
  constructor(message: unknown, transfer: object[]) {
    this.message = message;
    this.transfer = transfer;
  }

  get [BRAND](): true {
    return true;
  }
}

/** Whether the value is a `Transfer`, of any copy of this package: a worker's script may load another one. */
export function isTransfer(value: unknown): value is Transfer {
  return typeof value === "object" && value !== null && BRAND in value;
}
