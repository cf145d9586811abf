/**
 * The types of `require("interpreters")`: the very same as of `import`, so that values of the one may be given to the other. A CommonJS
 * declaration cannot export those of an ES module again (TS1479), so it names each: functions and classes as constants of their type,
 * and beside a class the type of its instances. A test compares the names with those of index.ts.
 */
import type * as api from "./dist/src/index.js" with { "resolution-mode": "import" };

export type {
  Addon,
  AddonKind,
  AddonRefusal,
  AsCompletedOptions,
  Callback,
  CalledMethod,
  CallOptions,
  Carrier,
  Completed,
  CoordinationOptions,
  CreateOptions,
  DeathReason,
  DoneAndNotDone,
  ExceptionInfo,
  ExecOptions,
  ExecutingSide,
  ExecutorOptions,
  Executor,
  ExecutorStats,
  ExecutorView,
  FunctionsOfOptions,
  GroupOptions,
  GuestFunction,
  InterpreterConfig,
  InterpreterEnd,
  InterpreterView,
  IterateOptions,
  IterateTaskOptions,
  IteratedMethod,
  Iteration,
  Language,
  MapOptions,
  MapOutcome,
  ModuleClass,
  ModuleFunctions,
  Movable,
  Notified,
  OutputSink,
  ParentOptions,
  Port,
  PrewarmOptions,
  Priority,
  ProgressOptions,
  ProgressView,
  PutManyOptions,
  PutOptions,
  QueueOptions,
  RemoteAccess,
  RemoteEnd,
  RemoteMethod,
  RemoteObject,
  Report,
  ResourceLimits,
  ReturnWhen,
  RoomOptions,
  RunningTrace,
  Selectable,
  SelectCase,
  SelectCases,
  Selected,
  SelectOptions,
  SettledMapOptions,
  ShutdownOptions,
  StdinSource,
  SubmitOptions,
  SyncIteration,
  SyncOptions,
  TaskError,
  TaskEvent,
  TaskGroupView,
  TaskSubmitter,
  Times,
  TypeCodec,
  UnboundItems,
  WaitFuturesOptions,
  WaitOptions,
  Whence,
  WorkerEndEvent,
  WorkerEvent,
  WorkRunEvent,
  WorkSendEvent,
} from "./dist/src/index.js" with { "resolution-mode": "import" };

export declare const addons: typeof api.addons;
export declare const asCompleted: typeof api.asCompleted;
export declare const callback: typeof api.callback;
export declare const create: typeof api.create;
export declare const createQueue: typeof api.createQueue;
export declare const fromModule: typeof api.fromModule;
export declare const functionsOf: typeof api.functionsOf;
export declare const getCurrent: typeof api.getCurrent;
export declare const getMain: typeof api.getMain;
export declare const inspectable: typeof api.inspectable;
export declare const isShareable: typeof api.isShareable;
export declare const listAll: typeof api.listAll;
export declare const listQueues: typeof api.listQueues;
export declare const move: typeof api.move;
export declare const onAcquire: typeof api.onAcquire;
export declare const onGet: typeof api.onGet;
export declare const onPut: typeof api.onPut;
export declare const onSet: typeof api.onSet;
export declare const prewarm: typeof api.prewarm;
export declare const registerType: typeof api.registerType;
export declare const select: typeof api.select;
export declare const selectSync: typeof api.selectSync;
export declare const startTrace: typeof api.startTrace;
export declare const UNBOUND: typeof api.UNBOUND;
export declare const UNBOUND_ERROR: typeof api.UNBOUND_ERROR;
export declare const UNBOUND_KEEP: typeof api.UNBOUND_KEEP;
export declare const UNBOUND_REMOVE: typeof api.UNBOUND_REMOVE;
export declare const wait: typeof api.wait;
export declare const waitSync: typeof api.waitSync;

export declare const Future: typeof api.Future;
export type Future<T> = api.Future<T>;
export declare const Interpreter: typeof api.Interpreter;
export type Interpreter = api.Interpreter;
export declare const InterpreterPoolExecutor: typeof api.InterpreterPoolExecutor;
export type InterpreterPoolExecutor<A extends unknown[] = unknown[]> = api.InterpreterPoolExecutor<A>;
export declare const LanguageValue: typeof api.LanguageValue;
export type LanguageValue = api.LanguageValue;
export declare const Queue: typeof api.Queue;
export type Queue<T = unknown, Missing = typeof api.UNBOUND> = api.Queue<T, Missing>;
export declare const TaskGroup: typeof api.TaskGroup;
export type TaskGroup = api.TaskGroup;
export declare const Lock: typeof api.Lock;
export type Lock = api.Lock;
export declare const Semaphore: typeof api.Semaphore;
export type Semaphore = api.Semaphore;
export declare const BoundedSemaphore: typeof api.BoundedSemaphore;
export type BoundedSemaphore = api.BoundedSemaphore;
export declare const RLock: typeof api.RLock;
export type RLock = api.RLock;
export declare const Condition: typeof api.Condition;
export type Condition = api.Condition;
export declare const Barrier: typeof api.Barrier;
export type Barrier = api.Barrier;
export declare const Event: typeof api.Event;
export type Event = api.Event;
export declare const Held: typeof api.Held;
export type Held = api.Held;

export declare const InterpreterError: typeof api.InterpreterError;
export type InterpreterError = api.InterpreterError;
export declare const InterpreterNotFoundError: typeof api.InterpreterNotFoundError;
export type InterpreterNotFoundError = api.InterpreterNotFoundError;
export declare const InterpreterDiedError: typeof api.InterpreterDiedError;
export type InterpreterDiedError = api.InterpreterDiedError;
export declare const ExecutionFailed: typeof api.ExecutionFailed;
export type ExecutionFailed = api.ExecutionFailed;
export declare const AddonImportError: typeof api.AddonImportError;
export type AddonImportError = api.AddonImportError;
export declare const BrokenInterpreterPool: typeof api.BrokenInterpreterPool;
export type BrokenInterpreterPool = api.BrokenInterpreterPool;
export declare const BrokenBarrierError: typeof api.BrokenBarrierError;
export type BrokenBarrierError = api.BrokenBarrierError;
export declare const CancelledError: typeof api.CancelledError;
export type CancelledError = api.CancelledError;
export declare const NotShareableError: typeof api.NotShareableError;
export type NotShareableError = api.NotShareableError;
export declare const QueueError: typeof api.QueueError;
export type QueueError = api.QueueError;
export declare const QueueEmpty: typeof api.QueueEmpty;
export type QueueEmpty = api.QueueEmpty;
export declare const QueueFull: typeof api.QueueFull;
export type QueueFull = api.QueueFull;
export declare const QueueShutDown: typeof api.QueueShutDown;
export type QueueShutDown = api.QueueShutDown;
export declare const QueueNotFoundError: typeof api.QueueNotFoundError;
export type QueueNotFoundError = api.QueueNotFoundError;
export declare const ItemInterpreterDestroyed: typeof api.ItemInterpreterDestroyed;
export type ItemInterpreterDestroyed = api.ItemInterpreterDestroyed;
