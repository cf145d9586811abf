import type { MessagePort, TransferListItem } from "node:worker_threads";
import { Movables, moveSymbols } from "../../shared/movable.cjs";

const symbols = moveSymbols("Tinypool");
/** Of an object that says how it is moved: what to move. */
export const kTransferable: unique symbol = symbols.transferable as never;
/** Of an object that says how it is moved: what to send in its place. */
export const kValue: unique symbol = symbols.value as never;
/** Of a task's value: options for a custom task queue. */
export const kQueueOptions: unique symbol = Symbol.for("Tinypool.queueOptions") as never;

export const movables = new Movables(symbols);
/** Whether the value says how it is moved. */
export const isTransferable = (value: unknown): boolean => movables.isTransferable(value);
/** Whether the value is marked to be moved. */
export const isMovable = (value: unknown): boolean => movables.isMovable(value);
export const markMovable = (value: object): void => movables.mark(value);
/** A copy of the own properties that inherits nothing. */
export const withNullPrototype = <T extends object>(source: T): T =>
  Object.assign(Object.create(null) as T, source);

/** Exported for programs that name them; nothing here counts in these fields. */
export const kRequestCountField = 0;
export const kResponseCountField = 1;
export const kFieldCount = 2;

/** An object that says how it is moved. */
export interface Transferable {
  readonly [kTransferable]: object;
  readonly [kValue]: object;
}

/** A task that waits. */
export interface Task {
  readonly [kQueueOptions]: object | null;
  cancel(): void;
}

/** A queue of waiting tasks: the option `taskQueue`. */
export interface TaskQueue {
  readonly size: number;
  shift(): Task | null;
  remove(task: Task): void;
  push(task: Task): void;
  cancel(): void;
}

export { isQueue as isTaskQueue } from "../../shared/task-queue.cjs";

/* oxlint-disable typescript/no-explicit-any -- as in tinypool, whose programs rely on these types */

/** Messages between the program and a worker that is a process. */
export interface TinypoolChannel {
  /** Called with a function that sends a message to the worker. */
  onMessage?: (callback: (message: any) => void) => void;
  /** Called with the worker's messages. */
  postMessage?: (message: any) => void;
  /** Called when the worker has ended, or serves another channel. */
  onClose?: () => void;
}

/** A worker: a thread or a process. */
export interface TinypoolWorker {
  runtime: string;
  /** The id of its thread, or of its process. */
  readonly threadId: number;
  terminate(): Promise<any>;
  postMessage(message: any, transferListItem?: TransferListItem[]): void;
  setChannel?: (channel: TinypoolChannel) => void;
  on(event: string, listener: (...args: any[]) => void): void;
  once(event: string, listener: (...args: any[]) => void): void;
  emit(event: string, ...data: any[]): void;
  ref?: () => void;
  unref?: () => void;
}

/** Messages between tinypool and its own worker threads, for programs that name them; nothing here sends them. */
export interface StartupMessage {
  filename: string | null;
  name: string;
  port: MessagePort;
  sharedBuffer: Int32Array;
  useAtomics: boolean;
}
export interface RequestMessage {
  taskId: number;
  task: any;
  filename: string;
  name: string;
}
export interface ReadyMessage {
  ready: true;
}
export interface ResponseMessage {
  taskId: number;
  result: any;
  error: unknown;
  usedMemory: number;
}

/** The private half of `worker_threads.workerData`. */
export interface TinypoolPrivateData {
  workerId: number;
}
export type TinypoolData = [TinypoolPrivateData, any];

/** Marks a message between the pool and a worker's process; `process.on("message")` of a program's own must ignore those. */
export interface TinypoolWorkerMessage<T extends "port" | "pool" = "port" | "pool"> {
  __tinypool_worker_message__: true;
  source: T;
}
