/** The errors of the pool itself. Programs match their messages. */
export class AbortError extends Error {
  constructor(reason?: unknown) {
    super("The task has been aborted", { cause: reason });
  }
  override get name(): string {
    return "AbortError";
  }
}

export const threadTermination = (): Error => new Error("Terminating worker thread");
export const filenameNotProvided = (): Error =>
  new Error("filename must be provided to run() or in options object");
export const taskQueueAtLimit = (): Error => new Error("Task queue is at limit");
export const noTaskQueueAvailable = (): Error =>
  new Error("No task queue available and all Workers are busy");
export const closeTimeout = (): Error => new Error("Close operation timed out");
