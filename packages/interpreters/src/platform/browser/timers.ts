/**
 * Timers as objects, as Node has them. Nothing that waits keeps a page or a worker alive, so `ref` and `unref` do nothing.
 */
const { clearInterval: clearEvery, clearTimeout: clear, setInterval: every, setTimeout: after } = globalThis;

class Timer {
  readonly id: unknown;

  constructor(id: unknown) {
    this.id = id;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

type Callback = (...args: never[]) => void;
type Clear = (id: never) => void;

export const setTimeout = (fn: Callback, milliseconds?: number, ...args: unknown[]): Timer =>
  new Timer(after(fn, milliseconds, ...(args as [])));
export const setInterval = (fn: Callback, milliseconds?: number): Timer => new Timer(every(fn, milliseconds));

export function clearTimeout(timer: Timer | undefined): void {
  if (timer !== undefined) (clear as Clear)(timer.id as never);
}

export function clearInterval(timer: Timer | undefined): void {
  if (timer !== undefined) (clearEvery as Clear)(timer.id as never);
}

/** What is due in the next turns, and the channel whose messages are the turns: timers of 0 ms take up to 4. */
let due: (() => void)[] = [];
let port: InstanceType<typeof MessagePort> | undefined;

const reference = { ref: (): unknown => reference, unref: (): unknown => reference };

/** Calls `fn` in a turn of its own. */
export function setImmediate(fn: () => void): typeof reference {
  if (port === undefined) {
    const { port1, port2 } = new MessageChannel();
    // Each message calls one function, so that an exception in it leaves the others their turns.
    port1.addEventListener("message", () => due.shift()?.());
    port1.start();
    port = port2;
  }
  due.push(fn);
  port.postMessage(undefined);
  return reference;
}
