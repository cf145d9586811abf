/**
 * PEP 734 for JavaScript: isolated interpreters in one process, queues between them on which nothing is ever silently lost, and
 * `InterpreterPoolExecutor`. This file is the whole public surface, grouped by purpose. ARCHITECTURE.md leads from here down to
 * the bytes.
 */
import { javascriptLanguage } from "./guests/javascript/language.js";
import { registerLanguage } from "./guests/language.js";
// These teach the codec to send shared and moved buffers.
import "./transfer/handover.js";
import "./transfer/shared-buffers.js";

registerLanguage(javascriptLanguage);

/* ---- Run code on another core: make an interpreter, execute scripts, call functions ---- */
export { create, getCurrent, getMain, listAll, prewarm, type PrewarmOptions } from "./interpreter/create.js";
export {
  type CallOptions,
  type ExecOptions,
  Interpreter,
  type InterpreterEnd,
  type IterateOptions,
  type InterpreterView,
  type Whence,
} from "./interpreter/interpreter.js";
export type { Iteration, SyncIteration } from "./interpreter/iteration.js";
export type { ParentOptions } from "./interpreter/parent.js";
export type { CreateOptions, InterpreterConfig, ResourceLimits } from "./interpreter/options.js";
export type { StdinSource } from "./interpreter/input.js";
export type { OutputSink } from "./interpreter/output.js";

export type {
  CalledMethod,
  IteratedMethod,
  RemoteAccess,
  RemoteEnd,
  RemoteMethod,
  RemoteObject,
} from "./interpreter/remote-types.js";

/* ---- Functions of modules: name one without loading it here ---- */
export { fromModule, type ModuleClass, type ModuleFunctions } from "./guests/javascript/callable.js";
export { functionsOf, type FunctionsOfOptions } from "./functions-of.js";

/* ---- Run many functions: a pool of interpreters and its futures ---- */
export { InterpreterPoolExecutor } from "./futures/executor.js";
export type { Executor, TaskSubmitter } from "./futures/executor-type.js";
export type { ExecutorView, ProgressView } from "./futures/view.js";
export { TaskGroup, type TaskGroupView } from "./futures/group.js";
export type { GroupOptions } from "./futures/group-options.js";
export type {
  ExecutorOptions,
  IterateTaskOptions,
  Priority,
  ProgressOptions,
  Report,
  RoomOptions,
  ShutdownOptions,
  SubmitOptions,
} from "./futures/options.js";
export type { MapOptions, MapOutcome, SettledMapOptions } from "./futures/map.js";
export { Future } from "./futures/future.js";
export type { TaskError } from "./futures/failure.js";
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

/* ---- Coordinate interpreters: functions that run where they were made ---- */
export { callback } from "./callbacks/callback.js";
export type { Callback } from "./callbacks/type.js";

/* ---- Pass items between interpreters: queues ---- */
export { createQueue, listQueues, type QueueOptions } from "./queue/create.js";
export { Queue } from "./queue/queue.js";
export type { PutManyOptions, PutOptions, SyncOptions, WaitOptions } from "./queue/options.js";
export { UNBOUND, UNBOUND_ERROR, UNBOUND_KEEP, UNBOUND_REMOVE, type UnboundItems } from "./queue/unbound.js";

/* ---- Coordination: locks and other objects that interpreters share to wait for each other, and the first of several operations ---- */
export { Lock } from "./sync/lock.js";
export { RLock } from "./sync/rlock.js";
export { BoundedSemaphore, Semaphore } from "./sync/semaphore.js";
export { Event } from "./sync/event.js";
export { Condition, type Notified } from "./sync/condition.js";
export { Barrier } from "./sync/barrier.js";
export { Held } from "./sync/held.js";
export type { CoordinationOptions } from "./sync/options.js";
export { select, selectSync, type SelectOptions } from "./select/select.js";
export { onGet, onPut } from "./select/queue-cases.js";
export { onAcquire, onSet } from "./select/sync-cases.js";
export type { Selectable, SelectCases, Selected } from "./select/cases.js";
export type { SelectCase } from "./select/contender.js";

/* ---- Values: test whether one can be sent, and move buffers instead of copying them ---- */
export { isShareable } from "./codec/shareable.js";
export { registerType, type TypeCodec } from "./codec/registered-types.js";
export { move } from "./transfer/move.js";
export type { Movable, Port } from "./transfer/transfer-list.js";

/* ---- Native addons that the main interpreter has loaded ---- */
export { type Addon, type AddonKind, type AddonRefusal, addons } from "./addons/addons.js";

/* ---- Observe a pool: statistics, and events on node:diagnostics_channel ---- */
export type { ExecutorStats, Times } from "./futures/stats.js";
export type { TaskEvent, WorkerEndEvent, WorkerEvent } from "./futures/events.js";

export type { Carrier, WorkRunEvent, WorkSendEvent } from "./thread/carried.js";

/* ---- Observe the process: a trace, and `interpreters top` ---- */
export { inspectable, type RunningTrace, startTrace } from "./observe/observe.js";

/* ---- Errors: each has a stable code ---- */
export * from "./base/errors.js";

/* ---- Languages other than JavaScript: the two sides that a guest language implements (guests/README.md) ---- */
export type { ExecutingSide, GuestFunction, Language } from "./guests/language.js";
export { LanguageValue } from "./codec/language-value.js";
