/**
 * Threads as the operating system knows them, which says of any thread of this process whether it is still there. Node does
 * so only to who started a thread, and only in its event loop. Linux has a folder for each (proc(5), /proc/pid/task).
 */
import { existsSync, readlinkSync } from "../platform/files.js";

/** The operating system's id of this thread, or 0: it cannot be had. */
export function ownOsThread(): number {
  try {
    // "1234/task/1240"
    return Number(/(?<=\/task\/)\d+$/.exec(readlinkSync("/proc/thread-self"))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

/** Whether that thread of this process has not ended yet, or an id like its is in use again. */
export function isOsThread(id: number): boolean {
  return existsSync(`/proc/self/task/${id}`);
}
