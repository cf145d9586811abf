/** Deaths of interpreters as the other threads see them: the notice, its meaning for each operation, and the error that reports it. */
import {
  type ExceptionInfo,
  ExecutionFailed,
  InterpreterDiedError,
  InterpreterError,
} from "../base/errors.js";
import { isError } from "../base/stacks.js";
import type { InterpreterId } from "../memory/brands.js";
import type { EndReason } from "../wire/protocol.js";

/** How an operation is involved in the death of its interpreter: it had not begun, was being executed, or caused the death. */
export type Share = "waiting" | "running" | "at fault";

/** The death of an interpreter, from the supervisor's notice. */
export interface Death {
  readonly id: InterpreterId;
  readonly reason: EndReason;
  readonly exitCode: number | undefined;
  /** The error that killed it, if it was one: an uncaught exception, a failed boot. */
  readonly error: unknown;
  /** Set if other work of the interpreter, which it did at the same time, caused the death: why the interpreter died. */
  readonly beside?: EndReason;
  /** Set if the interpreter lives on, and only the work ended: what the interruption raised there, if anything. */
  readonly interrupted?: { readonly failure: ExecutionFailed | undefined };
}

/** The end of work that was interrupted, from the reply (REPLY_INTERRUPTED) of interpreter `id`: for the caller it is like a death. */
export function interruptedWork(id: InterpreterId, value: unknown): Death {
  const [reason, info] = value as [EndReason, ExceptionInfo | null];
  const failure = info === null ? undefined : new ExecutionFailed(id, info, undefined);
  return { id, reason, exitCode: undefined, error: undefined, interrupted: { failure } };
}

/** The death as it looks to a work item that ended by it for the reason `why`. */
export function deathOfWork(death: Death, why: EndReason, share: Share): [Death, Share] {
  const { reason } = death;
  const byOthers = share === "running" && (why !== reason || why === "timeout" || why === "aborted");
  if (byOthers) return [{ ...death, reason: why, error: undefined, beside: reason }, share];
  return [why === reason ? death : { ...death, reason: why, error: undefined }, share];
}

/** The error for an operation whose interpreter died. `what` names the operation with the interpreter, as a verb phrase. */
export function diedError(death: Death, what: string): InterpreterError {
  if (death.interrupted !== undefined) {
    const { failure } = death.interrupted;
    return (
      failure ?? new InterpreterError(`Cannot ${what}: it was interrupted (${death.reason}) as it ended`)
    );
  }
  const { id, exitCode } = death;
  // A close overtook the operation, for which the interpreter is gone just the same.
  const reason = death.reason === "closed" ? "terminated" : death.reason;
  const cause = death.error === undefined ? undefined : { cause: death.error };
  if (reason === "boot") {
    const why = isError(death.error) ? `: ${death.error.message}` : "";
    return new InterpreterError(`Cannot ${what}: interpreter ${id} failed to boot${why}`, {
      ...cause,
      code: "ERR_INTERPRETER_BOOT",
    });
  }
  const how =
    death.beside === undefined
      ? howItEnded({ reason: death.reason, exitCode })
      : `ended because of other work that it did at the same time (${death.beside})`;
  return new InterpreterDiedError(
    `Cannot ${what}: interpreter ${id} ${how}`,
    { interpreterId: id, reason, exitCode },
    cause,
  );
}

/** A verb phrase for how an interpreter ended. */
export function howItEnded({ reason, exitCode }: Pick<Death, "reason" | "exitCode">): string {
  const ends: Record<EndReason, string> = {
    closed: "was closed",
    terminated: "was terminated",
    timeout: "was stopped because the time limit had passed",
    aborted: "was stopped by an abort signal",
    exit: `called process.exit(${exitCode ?? ""})`,
    "out-of-memory": "ran out of memory",
    "uncaught-exception": "ended by an uncaught exception",
    boot: "failed to boot",
  };
  return ends[reason];
}
