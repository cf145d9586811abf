/** Every error class of the package, each with a stable `code` and its brand (brand.ts). Import them from here. */
export {
  AddonImportError,
  type DeathReason,
  InterpreterDiedError,
  InterpreterError,
  InterpreterNotFoundError,
} from "./errors/interpreter.js";
export { BrokenBarrierError } from "./errors/barrier.js";
export { type ExceptionInfo, ExecutionFailed } from "./errors/execution-failed.js";
export { BrokenInterpreterPool, CancelledError } from "./errors/pool.js";
export { NotShareableError } from "./errors/value.js";
export {
  ItemInterpreterDestroyed,
  QueueEmpty,
  QueueError,
  QueueFull,
  QueueNotFoundError,
  QueueShutDown,
} from "./errors/queue.js";
