/**
 * Channels by name, for messages that lead to one thread: whoever has opened the name. A page's own broadcast channels would not do. Their messages
 * come in turns of the event loop, in no order with anything else.
 */
type Carry = (name: string, message: unknown) => void;

let carry: Carry = () => {};

/** Says how a message gets to the thread that has opened a name. */
export function carryBy(given: Carry): void {
  carry = given;
}

const open = new Map<string, unknown[]>();

/** A message for a name has come. */
export function deliver(name: string, message: unknown): void {
  open.get(name)?.push(message);
}

export class BroadcastChannel {
  readonly #name: string;
  readonly #arrived: unknown[] = [];

  constructor(name: string) {
    this.#name = name;
    open.set(name, this.#arrived);
  }

  postMessage(message: unknown): void {
    carry(this.#name, message);
  }

  /** Takes the next message, if one has come. */
  take(): { message: unknown } | undefined {
    return this.#arrived.length === 0 ? undefined : { message: this.#arrived.shift() };
  }

  addEventListener(): void {}

  unref(): this {
    return this;
  }

  close(): void {
    open.delete(this.#name);
  }
}
