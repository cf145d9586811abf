/** The supervisor of a page keeps no objects for others (transfer/supervisor-port.ts). */
export class BufferStore {
  addPort(): void {}

  reply(): void {}

  lent(): undefined {
    return undefined;
  }

  closePort(): void {}

  prune(): void {}
}
