/**
 * How a thread's end is known on Deno. There a worker's `exit` event comes when it is terminated, and its JavaScript goes on until it next
 * asks for something asynchronous, for ever if that never happens. But a thread that holds a Web Lock is stopped within milliseconds, and a port that
 * it keeps is closed when its JavaScript has ended, not before.
 *
 * A thread is stopped once. The stop unwinds what runs, and callbacks of the same turn still run after it (leaveInDeno in threads.ts).
 */
import { MessageChannel, type MessagePort, type Worker, type WorkerOptions } from "node:worker_threads";

/** A part of the data of a thread. */
export interface DataWithLine {
  /** The thread's end of the line, which it must keep. */
  readonly interpretersLine: MessagePort;
  /** Lets the thread end when its event loop has nothing more to do. */
  interpretersLetGo?: () => void;
}

interface Locks {
  request(name: string, whileHeld: () => Promise<void>): Promise<void>;
}

/** Starts a thread with a line. Its `exit` event comes when its JavaScript has ended. */
export function startWithLine(options: WorkerOptions, start: (options: WorkerOptions) => Worker): Worker {
  const { port1, port2 } = new MessageChannel();
  const { workerData, transferList = [] } = options;
  const line: DataWithLine = { interpretersLine: port2 };
  const worker = start({
    ...options,
    workerData: { ...(workerData as object), ...line },
    transferList: [...transferList, port2],
  });
  const { emit } = worker;
  let exit: unknown[] | undefined;
  let closed = false;
  const emitTo = (event: string | symbol, ...args: unknown[]): boolean =>
    (emit as (...all: unknown[]) => boolean).call(worker, event, ...args);
  Object.assign(worker, {
    emit(event: string | symbol, ...args: unknown[]) {
      if (event !== "exit" || closed) return emitTo(event, ...args);
      exit = args;
      return true;
    },
  });
  port1.on("close", () => {
    closed = true;
    if (exit !== undefined) emitTo("exit", ...exit);
  });
  // Without a listener of this kind it is not told of the end.
  port1.on("message", () => {});
  port1.unref();
  return worker;
}

/** In a thread that `startWithLine` has started: from now on it can be stopped. */
export function holdLine(data: DataWithLine): void {
  endExits();
  const { locks } = (globalThis as unknown as { navigator: { locks: Locks } }).navigator;
  const held = new Promise<void>((resolve) => (data.interpretersLetGo = resolve));
  // Each thread must have a name of its own.
  const name = `interpreters ${process.pid} ${process.getBuiltinModule("node:worker_threads").threadId}`;
  void locks.request(name, () => held);
}

/**
 * Deno's `process.exit` marks the thread as stopped, which it is at the next turn of a loop, and loops without end. In a thread that has been stopped
 * before, nothing ends that loop: it would never come back to its event loop, which is where it ends.
 */
function endExits(): void {
  const { reallyExit } = process as unknown as { reallyExit(code?: number): void };
  Object.assign(process, {
    reallyExit(code?: number) {
      reallyExit.call(process, code);
      for (let i = 0; i < 1000; i++);
      throw new Error("This thread has ended.");
    },
  });
}
