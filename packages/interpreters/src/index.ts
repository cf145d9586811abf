/**
 * PEP 734 for JavaScript: isolated interpreters in one process, queues between them on which nothing is ever silently
 * lost, and `InterpreterPoolExecutor`. The whole public surface; ARCHITECTURE.md shows the way from here to the bytes.
 */
import "./transfer/shared-buffers.js";
import "./transfer/handover.js";

export { create, getCurrent, getMain, listAll, prewarm } from "./interpreter/create.js";
export {
  Interpreter,
  type CallOptions,
  type ExecOptions,
  type InterpreterView,
  type Whence,
} from "./interpreter/interpreter.js";
export { addons, type Addon, type AddonKind, type AddonRefusal } from "./addons/addons.js";
export { move } from "./transfer/move.js";
export type { CreateOptions, InterpreterConfig, ResourceLimits } from "./interpreter/options.js";
export type { OutputSink } from "./interpreter/output.js";
export { functionsOf, type FunctionsOfOptions } from "./functions-of.js";
export { fromModule } from "./guests/javascript/callable.js";
export { isShareable } from "./codec/shareable.js";
export {
  createQueue,
  listQueues,
  Queue,
  type PutOptions,
  type QueueOptions,
  type SyncOptions,
  type WaitOptions,
} from "./queue/queue.js";
export { UNBOUND, UNBOUND_ERROR, UNBOUND_KEEP, UNBOUND_REMOVE, type UnboundItems } from "./queue/unbound.js";
export { InterpreterPoolExecutor } from "./futures/executor.js";
export type { ExecutorView } from "./futures/view.js";
export type { ExecutorOptions, Priority, SubmitOptions } from "./futures/options.js";
export { Future } from "./futures/future.js";
export type { TaskEvent, WorkerEndEvent, WorkerEvent } from "./futures/events.js";
export type { ExecutorStats, Times } from "./futures/stats.js";
export type { MapOptions } from "./futures/map.js";
export {
  asCompleted,
  type AsCompletedOptions,
  type Completed,
  type DoneAndNotDone,
  type ReturnWhen,
  wait,
  type WaitFuturesOptions,
  waitSync,
} from "./futures/wait.js";
export * from "./base/errors.js";
