/**
 * The options that a creator sends the supervisor to start an interpreter (BootOptions), and the data that the supervisor gives the
 * thread (WorkerData). This file has the types, and the comparison of options that both sides of a standby thread make.
 */
import { toJson } from "../base/json.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import type { WasmMemory } from "../memory/webassembly.js";
import type { MessagePort } from "../platform/ports.js";

/**
 * Limits of an interpreter's JavaScript engine, in MiB (Node: `resourceLimits` of a `Worker`). An interpreter that needs more memory
 * ends, with the reason `"out-of-memory"`. The memory of ArrayBuffers does not count.
 *
 * @example
 * await using interp = create({
 *   resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, codeRangeSizeMb: 64, stackSizeMb: 4 },
 * });
 * await interp.call(Math.hypot, 3, 4); // 5
 */
export interface ResourceLimits {
  /**
   * The heap for objects that live longer; at least 4. Default: V8's, which depends on the machine. In a process that runs with `--max-old-space-size`,
   * that size counts instead.
   */
  maxOldGenerationSizeMb?: number | undefined;
  /** The heap for new objects. Default: V8's. */
  maxYoungGenerationSizeMb?: number | undefined;
  /** The memory for machine code. Default: V8's. */
  codeRangeSizeMb?: number | undefined;
  /** The thread's stack; at least 0.5. Default: 4. */
  stackSizeMb?: number | undefined;
}

/**
 * The permissions of an interpreter beyond its own world (CPython: `PyInterpreterConfig`). An operation that is not allowed throws
 * `InterpreterError` (`ERR_INTERPRETER_NOT_ALLOWED`) there, or `AddonImportError`. It guards against mistakes, not against malice.
 *
 * @example
 * await using interp = create({
 *   config: {
 *     allowExec: false,
 *     allowSpawn: false,
 *     allowThreads: false,
 *     allowAddons: true,
 *     checkMultiInterpAddons: true,
 *     addonTimeout: 5000,
 *     shareEnv: true,
 *   },
 * });
 * const start = () => void process.getBuiltinModule("node:child_process").spawnSync("node");
 * console.log(await interp.call(start).catch((error) => error.cause.code)); // ERR_INTERPRETER_NOT_ALLOWED
 */
export interface InterpreterConfig {
  /**
   * Replace the whole process by another program, with `process.execve` (CPython: `allow_exec`). Isolated: false; legacy: true.
   */
  allowExec: boolean;
  /** Start child processes: `node:child_process`, `cluster.fork`. CPython's isolated interpreters may, too. Default: true. */
  allowSpawn: boolean;
  /** Start threads of its own with `new Worker` (CPython: `allow_threads`). `create()` is always allowed. Default: true. */
  allowThreads: boolean;
  /** Load native addons (`.node` files). Default: true. */
  allowAddons: boolean;
  /**
   * Refuse native addons that are known not to support several interpreters, without trying to load them (CPython:
   * `check_multi_interp_extensions`). Isolated: true; legacy: false. Node refuses an addon that it cannot load in either case.
   */
  checkMultiInterpAddons: boolean;
  /**
   * Milliseconds that loading a native addon waits for the main interpreter, which must load it first, while the main
   * interpreter runs user code. Default: 30 000.
   */
  addonTimeout: number;
  /** Share `process.env` with the main interpreter, both ways, instead of having a copy. Default: false. */
  shareEnv: boolean;
}

/** The guest language that a thread runs (guests/language.ts). */
export interface BootLanguage {
  readonly name: string;
  readonly tag: number;
  /** The URL of the module of its executing side; undefined for JavaScript's, which is in the bundle. */
  readonly module: string | undefined;
  readonly data: unknown;
  /** The key of what its threads share, if they share anything. */
  readonly shared: string | undefined;
}

/** The supervisor starts the thread, but everything that the thread inherits comes from the creator. */
export interface BootOptions {
  readonly name: string | undefined;
  readonly env: NodeJS.Dict<string>;
  readonly argv: string[] | undefined;
  readonly execArgv: string[];
  /** Those of `execArgv` that the creator has itself. Some are for the whole process, and the runtime refuses them for threads. */
  readonly inheritedExecArgv: readonly string[];
  readonly resourceLimits: ResourceLimits | undefined;
  readonly config: InterpreterConfig;
  readonly input: BootInput;
  readonly output: BootOutput;
  readonly language: BootLanguage;
  /** How many calls it runs at once. */
  readonly concurrency: number;
}

/** The source of what an interpreter reads as `process.stdin`; "given" is sent to it (worker/parent.ts). */
export type BootInput = "ignore" | "inherit" | "given";

/** Where an interpreter's output goes. */
export interface BootOutput {
  readonly stdout: "inherit" | "ignore" | "sink";
  readonly stderr: "inherit" | "ignore" | "sink";
  readonly channel: OutputChannel | undefined;
}

/** What leads to the creator's sinks (thread/output-channel.ts). */
export interface OutputChannel {
  /** The name of a broadcast channel. */
  readonly name: string;
  /** The creator, and its number for the channel. */
  readonly slot: Slot;
  readonly id: InterpreterId;
  readonly number: number;
}

/** Text for a sink of the creator. */
export type OutputMessage = readonly [stream: "stdout" | "stderr", text: string];

/** The slot that a thread serves, or, for a standby thread, the cell in which it waits for one (kernel/standby.ts). */
export type Place = { readonly slot: Slot } | { readonly cell: number };

/** A script that a thread compiles only when it needs it. */
export interface SharedScript {
  readonly text: Uint8Array;
  /** V8's code cache of it, behind a word with its length, which is 0 until a thread leaves one, and -1 while it does. */
  readonly cache: SharedArrayBuffer;
}

/** The data that the supervisor gives to an interpreter's thread. */
export type WorkerData = Place & {
  readonly memory: WasmMemory;
  readonly config: InterpreterConfig;
  readonly input: BootInput;
  readonly output: BootOutput;
  readonly language: BootLanguage;
  readonly concurrency: number;
  /** The data that the threads of the language share. */
  readonly languageShared: unknown;
  /** The thread's supervisor port (transfer/supervisor-port.ts). */
  readonly port: MessagePort;
  /** The interpreter bundle, which the thread runs, in shared memory, so that the thread need not read a file first. */
  readonly text: Uint8Array;
  /** V8's code cache of the interpreter bundle (interpreter-thread.ts), once a thread has left one. */
  readonly codeCache: Uint8Array | undefined;
  /**
   * Without that one: the code cache that main makes while the thread boots, behind a word with its length, which is 0 until it is
   * there (thread/bundle-for-interpreters.ts). It lacks the functions that interpreters call only in their start.
   */
  readonly firstCache: SharedArrayBuffer | undefined;
  /** The API bundle (api.ts). */
  readonly api: SharedScript;
  /** Texts that interpreters, and main, derive from files for each other (base/derived-texts.ts). */
  readonly derivedTexts: SharedArrayBuffer | undefined;
};

/** The data that the main interpreter gives to the supervisor's thread. */
export interface SupervisorData {
  readonly memory: WasmMemory;
  /** The supervisor port of the interpreter that starts it. */
  readonly port: MessagePort;
  /** That interpreter. */
  readonly owner: InterpreterId;
  /** Takes the error of a boot that fails (thread/supervisor-start.ts). */
  readonly watched: MessagePort;
  /** The bundle that interpreters run, if main has it; else the supervisor reads the file. */
  readonly text: Uint8Array | undefined;
  /** The API bundle, likewise. */
  readonly apiText: Uint8Array | undefined;
  /** See `WorkerData`. */
  readonly firstCache: SharedArrayBuffer | undefined;
  readonly derivedTexts: SharedArrayBuffer | undefined;
  /** The interpreter for which the supervisor is started, if that is why. */
  readonly first: FirstInterpreter | undefined;
}

/** The boot request of the first interpreter, which the supervisor's thread need not load this package for. */
export interface FirstInterpreter {
  readonly slot: Slot;
  readonly id: InterpreterId;
  readonly options: BootOptions;
}

/** Sent to the supervisor by a thread that was started without a code cache. */
export interface CodeCache {
  readonly interpretersCodeCache: Uint8Array;
}

/** Two sets of options start interchangeable threads if and only if their keys are equal. */
export function keyOf(options: BootOptions): string {
  // Environment variables come in no particular order.
  const env = Object.entries(options.env).sort(([a], [b]) => (a < b ? -1 : 1));
  return toJson({ ...options, env });
}
