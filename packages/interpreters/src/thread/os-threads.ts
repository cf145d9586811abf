/**
 * Threads as the operating system knows them: it can say of any thread of this process whether it still exists. Node notifies
 * only the thread that started it, and only in the event loop. Linux has a folder for each thread (proc(5), /proc/pid/task).
 */
import { existsSync, readlinkSync } from "../platform/files.js";

/** The operating system's id of this thread, or 0 if it cannot be found out. */
export function ownOsThread(): number {
  try {
    // "1234/task/1240"
    return Number(/(?<=\/task\/)\d+$/.exec(readlinkSync("/proc/thread-self"))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

/** Returns whether that thread of this process has not ended, or another one has its id by now. */
export function isOsThread(id: number): boolean {
  return existsSync(`/proc/self/task/${id}`);
}
