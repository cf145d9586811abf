/**
 * The JavaScript side of the threads of one Python interpreter (python/_interp_threads.py): stacks for green threads, promises for what
 * suspends them, and turns of the event loop for actors.
 */
import type { PyodideAPI } from "./boot.js";

/** The waits of the core, and the operations that actors wait for. */
export interface ThreadHost {
  /** Blocks this thread until `done` returns true, or the time limit (milliseconds). */
  blockUntil(done: () => boolean, timeout?: number): boolean;
  /** Blocks this thread until queue `id` may have an item (room, if `putting`), or the time limit (-1 for none), or `ended` returns true. */
  waitForQueue(id: number, putting: boolean, timeout: number, ended: () => boolean): number;
  /** Python gets the signal for the end of a time slice after this many milliseconds, again and again; Infinity: never. */
  slice(time: number): void;
  /** Resolves the promises of waits for other interpreters. */
  interrupt(): void;
  /** Whether an operation has its outcome. Undefined if that was fetched. */
  isSettled(token: number): boolean | undefined;
  /** Resolved when the operation has its outcome. It keeps the event loop alive. */
  settled(token: number): Promise<void>;
}

interface Callable {
  (...args: unknown[]): unknown;
  callPromising(...args: unknown[]): Promise<unknown>;
}

interface Parked {
  resolve(): void;
  timer: NodeJS.Timeout | undefined;
}

/** Whether this engine can switch WebAssembly stacks (JavaScript Promise Integration). */
export function canSwitchStacks(): boolean {
  const { Suspending } = (globalThis as { WebAssembly?: { Suspending?: unknown } }).WebAssembly ?? {};
  return typeof Suspending === "function";
}

/** What `_interp_threads` calls. All methods take and return numbers, or a promise for `run_sync`. */
class Port {
  readonly switches = canSwitchStacks();
  readonly #host: ThreadHost;
  readonly #parked = new Map<number, Parked>();
  /** Operations that actors wait for, and whether a promise of their outcome was asked for. */
  readonly #watched = new Map<number, boolean>();
  #askLater = false;
  enter: Callable | undefined;
  turn: Callable | undefined;

  constructor(host: ThreadHost) {
    this.#host = host;
  }

  /** Gives thread `key` a stack. It begins in a turn of its own: a stack that begins inside of another one would overwrite it. */
  start(key: number): void {
    setImmediate(() => {
      void this.enter?.callPromising(key);
    });
  }

  /** A promise that `wake` resolves, or the time limit (milliseconds, -1 for none). */
  park(key: number, timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeout < 0 ? undefined : setTimeout(() => this.wake(key), timeout);
      this.#parked.set(key, { resolve, timer });
    });
  }

  /** Ends the waits for other interpreters, which look whether that was meant for them. */
  interrupt(): void {
    this.#host.interrupt();
  }

  wake(key: number): void {
    const parked = this.#parked.get(key);
    if (parked === undefined) return;
    this.#parked.delete(key);
    clearTimeout(parked.timer);
    parked.resolve();
  }

  /** A promise that the next turn of the event loop resolves. */
  pause(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** The time slice of green threads and actors, in milliseconds; -1 means that there are none. */
  slice(time: number): void {
    this.#host.slice(time < 0 ? Infinity : time);
  }

  /** Runs the actors' steps in a turn of the event loop. */
  kick(): void {
    setImmediate(() => this.turn?.());
  }

  /** An actor waits for operation `token`. */
  watch(token: number): void {
    this.#watched.set(token, false);
    if (this.#askLater) return;
    this.#askLater = true;
    setImmediate(this.#askForOutcomes);
  }

  /** Only a turn of the event loop asks for promises: while Python blocks this thread, it looks at the operations itself, and most have ended before. */
  readonly #askForOutcomes = (): void => {
    this.#askLater = false;
    for (const [token, asked] of this.#watched) {
      if (asked) continue;
      this.#watched.set(token, true);
      void this.#host.settled(token).then(() => {
        // A waiter that has blocked meanwhile has run the step.
        if (this.#watched.delete(token)) this.turn?.();
      });
    }
  };

  unwatch(token: number): void {
    this.#watched.delete(token);
  }

  readonly #someSettled = (): boolean => {
    for (const token of this.#watched.keys()) {
      const settled = this.#host.isSettled(token);
      if (settled === true) return true;
      // Its actor has the outcome; while this thread blocks, no promise says so.
      if (settled === undefined) this.#watched.delete(token);
    }
    return false;
  };

  /** Blocks this thread until an actor can go on, or the time limit (milliseconds, -1 for none). */
  block(timeout: number): void {
    this.#host.blockUntil(this.#someSettled, timeout < 0 ? undefined : timeout);
  }

  /** As `block`, and until queue `id` may have an item (room, if `putting`). */
  blockForQueue(id: number, putting: boolean, timeout: number): void {
    this.#host.waitForQueue(id, putting, timeout, this.#someSettled);
  }

  /** As `block`, and until operation `token` has its outcome. */
  blockFor(token: number, timeout: number): void {
    const done = (): boolean => this.#host.isSettled(token) !== false || this.#someSettled();
    this.#host.blockUntil(done, timeout < 0 ? undefined : timeout);
  }
}

/** The rest that the threads of a Python need, as soon as its interpreter is known. */
export interface AttachedThreads {
  /** Takes over the interpreter's configuration. `daemons`: whether it may have daemon threads. */
  configure(daemons: boolean): void;
  /** Raises KeyboardInterrupt in the main thread of Python. */
  interrupt(): void;
}

/** Gives the threads of `pyodide` their JavaScript side. The layer itself is in the snapshot. `main`: whether this is the main interpreter. */
export function attachThreads(pyodide: PyodideAPI, host: ThreadHost, main: boolean): AttachedThreads {
  const layer = pyodide.pyimport("_interp_install") as {
    attach(...args: unknown[]): Iterable<Callable>;
    destroy(): void;
  };
  const port = new Port(host);
  const [enter, turn, configure, interrupt] = layer.attach(port, main);
  port.enter = enter;
  port.turn = turn;
  layer.destroy();
  return { configure: (daemons) => void configure(daemons), interrupt: () => void interrupt() };
}
