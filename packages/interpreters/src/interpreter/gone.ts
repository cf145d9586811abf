/** Interpreters that are gone: how they ended, as far as this thread can know it, and the errors that say so. */
import { type InterpreterError, InterpreterNotFoundError } from "../base/errors.js";
import { recordedDeath } from "../kernel/death-records.js";
import type { InterpreterId } from "../memory/brands.js";
import { STATUS_NOT_FOUND } from "../memory/layout.js";
import { type Death, diedError, howItEnded } from "../thread/death.js";
import type { Runtime } from "../thread/runtime.js";
import { REASONS } from "../wire/protocol.js";
import { statusError } from "../wire/status-error.js";

/** The death of interpreter `id`, if this thread was notified of it, or it is among the latest of the process: then without its error. */
export function deathOf(rt: Runtime, id: InterpreterId): Death | undefined {
  const noticed = rt.deathOf(id);
  if (noticed !== undefined) return noticed;
  const record = recordedDeath(rt.m, id);
  if (record === undefined) return undefined;
  const { reason, exitCode } = record;
  return { id, reason: REASONS[reason], exitCode: exitCode === -1 ? undefined : exitCode, error: undefined };
}

/** As `statusError`, but if the interpreter is gone because its boot failed, the error of the boot. */
export function goneOrRefused(
  rt: Runtime,
  status: number,
  id: InterpreterId,
  what: string,
): InterpreterError {
  const death = status === STATUS_NOT_FOUND ? rt.failedBoot(id) : undefined;
  if (death !== undefined) return diedError(death, what);
  return status === STATUS_NOT_FOUND ? goneError(rt, what, id) : statusError(status, id, what);
}

/** The error for an interpreter that is gone, which says how it ended, as far as that is known. `what` is a verb phrase with the interpreter. */
export function goneError(rt: Runtime, what: string, id: InterpreterId): InterpreterNotFoundError {
  const death = deathOf(rt, id);
  const how = death === undefined ? "" : `: it ${howItEnded(death)}`;
  return new InterpreterNotFoundError(`Cannot ${what}: interpreter ${id} is gone${how}`);
}

/** The error for using something that was in interpreter `id`, which is gone. `what` is a verb phrase. */
export function died(rt: Runtime, id: InterpreterId, what: string): InterpreterError {
  // The notice may have come before this thread had anything to do with that interpreter.
  return diedError(
    deathOf(rt, id) ?? { id, reason: "terminated", exitCode: undefined, error: undefined },
    what,
  );
}

/** The error for an id that no living interpreter has. */
export function unknownError(rt: Runtime, id: InterpreterId): InterpreterNotFoundError {
  const what = `bind to interpreter ${id}`;
  if (deathOf(rt, id) !== undefined) return goneError(rt, what, id);
  return new InterpreterNotFoundError(`Cannot ${what}: there is none, or it has ended`);
}
