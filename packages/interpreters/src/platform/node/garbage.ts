/** Collects this thread's garbage soon. Does nothing where the runtime was built without an inspector. */
export async function collectGarbage(): Promise<void> {
  try {
    const { Session } = await import("node:inspector");
    const session = new Session();
    session.connect();
    // Disconnecting within the callback hangs the thread; before it, nothing is collected.
    session.post("HeapProfiler.collectGarbage", () => setImmediate(() => session.disconnect()));
  } catch {
    // Built without the inspector.
  }
}
