/** A way to run code in the main thread, for as long as it is open. */
export interface Interrupter {
  /** Runs a script there soon: in its event loop, between two statements of whatever it runs, or while it is blocked in `Atomics.wait`. */
  run(script: string): void;
  close(): void;
}

/**
 * Milliseconds from closing to the end of this thread, at least. Main learns of the closing a moment later, and takes a lock of this
 * thread for it. If the thread is just being torn down then, Node aborts the process (versions 20 to 26: an expired pointer in
 * `MainThreadInterface::Post`). Once the thread is gone, Node knows that.
 */
const BEFORE_EXIT = 50;

/** Whether threads can run code in the main thread. Not without the inspector, or without the permission to use it. */
export function canInterruptMain(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return process.features.inspector && (permission === undefined || permission.has("inspector"));
}

/** Must be called in another thread. Returns undefined if this is not possible. */
export function openInterrupter(): Interrupter | undefined {
  if (!canInterruptMain()) return undefined;
  try {
    // Looked up here: it is rarely needed.
    const { Session } = process.getBuiltinModule("node:inspector");
    const session = new Session();
    session.connectToMainThread();
    return {
      run: (expression) => session.post("Runtime.evaluate", { expression, silent: true }),
      close() {
        session.disconnect();
        const closed = process.uptime();
        process.once("exit", () => {
          const left = BEFORE_EXIT - 1000 * (process.uptime() - closed);
          if (left > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left);
        });
      },
    };
  } catch {
    return undefined;
  }
}
