/** The types that synckit exports. */
import type { MessagePort } from "node:worker_threads";
import type { TsRunner } from "./runners";

// oxlint-disable-next-line typescript/no-explicit-any -- as synckit declares it: programs write `AnyFn` without arguments
export type AnyFn<R = any, T extends any[] = any[]> = (...args: T) => R;

/** A function that returns what the promise of `T` is fulfilled with. */
export type Syncify<T extends AnyFn> = (...args: Parameters<T>) => Awaited<ReturnType<T>>;

export type ValueOf<T> = T[keyof T];

/** A module to import before the worker's file, for instance one that defines a global. */
export interface GlobalShim {
  /** A package, a builtin module or an absolute path. One that is not installed is left out. */
  moduleName: string;
  /** The global that its export is assigned to. Without one, the module is only imported. */
  globalName?: string;
  /** The name of the export; null for the whole namespace; undefined or empty for the default export. */
  named?: string | null;
  /** False: assign even if there is such a global already. */
  conditional?: boolean;
}

/** A part of the standard output or standard error. */
export interface StdioChunk {
  type: "stderr" | "stdout";
  chunk: Uint8Array | string;
  encoding: BufferEncoding;
}

export interface SynckitOptions {
  /** Options of Node for the worker. Default: SYNCKIT_EXEC_ARGV, separated by commas. */
  execArgv?: string[];
  /** Modules to import before the worker's file; true for `DEFAULT_GLOBAL_SHIMS_PRESET`. Default: SYNCKIT_GLOBAL_SHIMS. */
  globalShims?: GlobalShim[] | boolean;
  /** How long a call may take, in milliseconds. Default: SYNCKIT_TIMEOUT, else no limit. The worker goes on with its work. */
  timeout?: number;
  /** Accepted, and ignored: there is no `workerData` that could carry these objects. */
  transferList?: readonly object[];
  /** The compiler of a worker in TypeScript. Default: SYNCKIT_TS_RUNNER, else one that is installed. */
  tsRunner?: TsRunner;
}

export interface PackageJson {
  name?: string;
  type?: "commonjs" | "module";
}

/** Messages between synckit and its workers, for programs that name them; nothing here sends them. */
export interface MainToWorkerMessage<T extends unknown[]> {
  id: number;
  args: T;
}

export interface MainToWorkerCommandMessage {
  id: number;
  cmd: string;
}

export interface WorkerData {
  sharedBufferView: Int32Array;
  workerPort: MessagePort;
  pnpLoaderPath: string | undefined;
}

export type DataMessage<T> = { error: unknown; properties?: object } | { result: T };

export type WorkerToMainMessage<T> = DataMessage<T> & { id: number; stdio: StdioChunk[] };

export interface WorkerFailureMessage {
  workerFailure: true;
  fatal: boolean;
  error: unknown;
  properties?: object;
}
