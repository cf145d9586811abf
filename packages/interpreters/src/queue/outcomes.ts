/** Statuses of the kernel as the errors that users see. */
import {
  InterpreterError,
  QueueEmpty,
  QueueError,
  QueueFull,
  QueueNotFoundError,
  QueueShutDown,
} from "../base/errors.js";
import { queueIdOf } from "../kernel/queue-state.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import { OK, STATUS_EMPTY, STATUS_FULL, STATUS_NO_MEMORY, STATUS_NOT_FOUND } from "../memory/layout.js";
import type { Batch } from "../wire/batch.js";
import { memoryFull } from "../wire/status-error.js";

interface NamedQueue {
  readonly id: number;
  readonly maxsize: number;
}

/** @throws QueueFull, QueueShutDown, QueueNotFoundError, InterpreterError (`ERR_INTERPRETER_MEMORY`) */
export function checkPut(queue: NamedQueue, status: number, timeout: number): void {
  if (status === OK) return;
  if (status === STATUS_FULL) {
    throw new QueueFull(
      `Cannot put into queue ${queue.id}: it holds ${queue.maxsize} items, its most` + waited(timeout),
    );
  }
  checkStatus(queue, status, "put into");
}

/** @throws QueueNotFoundError the queue at `pointer` was closed */
export function checkOpen(queue: NamedQueue, m: SharedMemory, pointer: Pointer): void {
  if (queueIdOf(m, pointer) === -1) checkStatus(queue, STATUS_NOT_FOUND, "look into");
}

/** @throws QueueEmpty, QueueShutDown, QueueNotFoundError */
export function checkGot(queue: NamedQueue, status: number, timeout: number): void {
  if (status === OK) return;
  if (status === STATUS_EMPTY)
    throw new QueueEmpty(`Cannot get from queue ${queue.id}: it is empty` + waited(timeout));
  checkStatus(queue, status, "get from");
}

/** @throws QueueShutDown, QueueNotFoundError, InterpreterError (`ERR_INTERPRETER_MEMORY`) */
export function checkStatus({ id }: NamedQueue, status: number, verb: string): void {
  if (status === OK) return;
  if (status === STATUS_NOT_FOUND) throw new QueueNotFoundError(`Cannot ${verb} queue ${id}: it was closed`);
  if (status === STATUS_NO_MEMORY) throw memoryFull(`${verb} queue ${id}`);
  throw new QueueShutDown(`Cannot ${verb} queue ${id}: it was shut down`);
}

/** As `checkPut`, for several items: the error says how many were put, also one that `wait` throws, which returns the status. */
export function checkPutMany(queue: NamedQueue, wait: () => number, timeout: number, batch: Batch): void {
  try {
    checkPut(queue, wait(), timeout);
  } catch (error) {
    throw notePut(error, batch);
  }
}

/** Sets `put` on an error of this package: how many items of a batch were put before the wait for room ended. Returns the error. */
function notePut(error: unknown, { put }: Batch): unknown {
  // Not on the reason of a signal, which belongs to the user and may end other batches, too.
  const ours = error instanceof QueueError || error instanceof InterpreterError;
  if (put > 0 && ours) Object.defineProperty(error, "put", { value: put });
  return error;
}

function waited(timeout: number): string {
  return timeout === 0 ? "" : `, and was for ${timeout} ms`;
}
