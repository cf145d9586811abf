/** Errors for the negative statuses of the kernel (memory/layout.ts). */
import { InterpreterError, InterpreterNotFoundError } from "../base/errors.js";
import type { InterpreterId } from "../memory/brands.js";
import { STATUS_NO_MEMORY, STATUS_NOT_FOUND, STATUS_SHUT } from "../memory/layout.js";

/** The error for a full shared memory. `what` is a verb phrase: "put into queue 3". */
export function memoryFull(what: string): InterpreterError {
  return new InterpreterError(
    `Cannot ${what}: the shared memory is full. Get items out of queues, or close some.`,
    { code: "ERR_INTERPRETER_MEMORY" },
  );
}

/** The error for a status with which the kernel refused a record for interpreter `id`. `what` is a verb phrase. */
export function statusError(status: number, id: InterpreterId, what: string): InterpreterError {
  if (status === STATUS_NOT_FOUND) {
    return new InterpreterNotFoundError(`Cannot ${what}: interpreter ${id} is gone`);
  }
  if (status === STATUS_SHUT) {
    return new InterpreterError(`Cannot ${what}: interpreter ${id} is closing and takes no new work`, {
      code: "ERR_INTERPRETER_CLOSING",
    });
  }
  if (status === STATUS_NO_MEMORY) return memoryFull(what);
  return new InterpreterError(`Cannot ${what}: status ${status}`);
}
