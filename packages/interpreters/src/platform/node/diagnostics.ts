import { subscribe } from "node:diagnostics_channel";

export { type Channel, channel } from "node:diagnostics_channel";

/**
 * Calls `listener` whenever this thread starts another one (`new Worker`), before the caller goes on. Returns false if the runtime does not report
 * every thread.
 */
export function onNewThread(listener: () => void): boolean {
  // Electron has workers of pages, which it starts elsewhere.
  const { bun, deno, electron } = process.versions;
  if (bun !== undefined || deno !== undefined || electron !== undefined) return false;
  subscribe("worker_threads", listener);
  return true;
}
