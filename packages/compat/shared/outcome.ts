/** What a failed call means to the pool's user. */
import { interpreters } from "./interpreters";

/** The error of a task that its worker's death ended, in the words that pools use; `cause` says the rest. Undefined for another failure. */
export function deathOf(error: unknown): Error | undefined {
  const { InterpreterDiedError, InterpreterNotFoundError } = interpreters();
  if (error instanceof InterpreterNotFoundError)
    return new Error("Terminating worker thread", { cause: error });
  if (!(error instanceof InterpreterDiedError)) return undefined;
  switch (error.reason) {
    case "exit":
      return new Error(`worker exited with code: ${error.exitCode}`, { cause: error });
    case "out-of-memory":
      return Object.assign(
        new Error("Worker terminated due to reaching memory limit: JS heap out of memory", { cause: error }),
        { code: "ERR_WORKER_OUT_OF_MEMORY" },
      );
    case "uncaught-exception":
      return new Error(`The worker died of an uncaught exception: ${messageOf(error.cause)}`, {
        cause: error.cause,
      });
    default:
      return new Error("Terminating worker thread", { cause: error });
  }
}

/** What the task threw, of a failure that is no death. */
export function thrownBy(error: unknown): unknown {
  return error instanceof interpreters().ExecutionFailed && "cause" in error ? error.cause : error;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
