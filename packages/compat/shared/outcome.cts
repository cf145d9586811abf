/** Turns the failure of a call into the error that the pool's user gets. */
import { interpreters } from "./interpreters.cjs";
import type { ThreadEnd } from "./pool-thread.cjs";

/** The error of a task that its worker's death ended, in the words that pools use; `cause` says the rest. Undefined for another failure. */
export function deathOf(error: unknown): Error | undefined {
  const { InterpreterDiedError, InterpreterNotFoundError } = interpreters();
  if (error instanceof InterpreterDiedError) return errorOfDeath(error.reason, error.exitCode, error);
  // It died before the task was sent. The cause says how.
  if (error instanceof InterpreterNotFoundError) {
    const { cause } = error;
    return (cause === undefined ? undefined : deathOf(cause)) ?? errorOfDeath("terminated", undefined, error);
  }
  return undefined;
}

function errorOfDeath(reason: string, exitCode: number | undefined, died: Error): Error {
  switch (reason) {
    case "exit":
      return new Error(`worker exited with code: ${exitCode}`, { cause: died });
    case "out-of-memory":
      return outOfMemory(died);
    case "uncaught-exception":
      return new Error(`The worker died of an uncaught exception: ${messageOf(died.cause)}`, {
        cause: died.cause,
      });
    default:
      return new Error("Terminating worker thread", { cause: died });
  }
}

const outOfMemory = (cause?: unknown): Error =>
  Object.assign(
    new Error("Worker terminated due to reaching memory limit: JS heap out of memory", { cause }),
    { code: "ERR_WORKER_OUT_OF_MEMORY" },
  );

/** The error that ended a thread; undefined if none did. */
export function errorOfEnd({ reason, error }: ThreadEnd): unknown {
  if (reason === "out-of-memory") return outOfMemory();
  return reason === "uncaught-exception" || reason === "boot" ? error : undefined;
}

/** The value that the task threw, of a failure that is no death. */
export function thrownBy(error: unknown): unknown {
  return error instanceof interpreters().ExecutionFailed && "cause" in error ? error.cause : error;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
