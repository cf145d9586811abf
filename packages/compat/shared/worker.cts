/** In the interpreter of a worker: the functions that the pool calls. */
import { inspect } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import { claimTask, noteTime } from "./claims.cjs";
import { type Handler, knownHandler, loadHandler, texts } from "./handlers.cjs";
import { interpreters } from "./interpreters.cjs";
import { Movables, moveSymbols } from "./movable.cjs";
import type { Preloads } from "./preloads.cjs";
import { setWorkerState } from "./worker-state.cjs";

export interface Start {
  /** The adapter's class, `Piscina` or `Tinypool`. */
  readonly adapter: string;
  readonly workerId: number;
  /** Whether `workerData` of `node:worker_threads` is the pool's. */
  readonly hasWorkerData: boolean;
  /** The file to load ahead. If that fails, the first task that needs the file rejects. */
  readonly filename: string | null;
  readonly name: string;
  readonly niceIncrement: number;
}

/** The files that the worker loads before its own, in the place of Node. */
export interface Preloading {
  readonly preloads: Preloads;
  /** The options of Node that the worker was given, those for the preloads included. */
  readonly execArgv: readonly string[];
}

// A task may replace `process`, or the clock. (`performance` would load modules of Node: a tenth of a worker's start.)
const memoryUsage = process.memoryUsage.bind(process);
const hrtime = process.hrtime.bind(process);
/** In milliseconds. */
function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

let movables: Movables;
/** Set if the task has sent the pool a message that it must not send. */
let misuse: Error | undefined;
let claims: Int32Array | undefined;
/** Settles when the preloads are loaded. Tasks may begin before, if the worker runs several at once. */
let preloading: Promise<void> | undefined;
let first: { readonly filename: string; readonly name: string; handler: Handler | undefined } | undefined;

export async function start(options: Start, before?: Preloading): Promise<void> {
  const { adapter, filename, name } = options;
  movables = new Movables(moveSymbols(adapter));
  if (adapter === "Tinypool") {
    setTinypoolState(options);
    refuseMessages();
  } else {
    setWorkerState(adapter, { workerData: options.hasWorkerData ? (workerData as unknown) : undefined });
    texts.noHandler = (file) => `No handler function exported from ${file}`;
  }
  if (options.niceIncrement !== 0) beNice(options.niceIncrement);
  if (filename !== null) first = { filename, name, handler: undefined };
  if (before !== undefined) {
    process.execArgv = [...before.execArgv];
    // The tasks say if it fails.
    preloading = (require("./preloads.cjs") as typeof import("./preloads.cjs")).preload(before.preloads);
    await preloading.catch(() => {});
  }
  if (first === undefined) return;
  try {
    first.handler = await load(first.filename, name);
  } catch {
    // The tasks say so.
  }
}

/** From now on, tasks may come with a claim, and their times are counted. */
export function shareClaims(words: Int32Array): void {
  claims = words;
}

/** Where tinypool's programs look for it. */
function setTinypoolState({ workerId }: Start): void {
  const [, own] = workerData as [unknown, unknown];
  const state = { isWorkerThread: true, isTinypoolWorker: true, workerData: own, workerId };
  (process as { __tinypool_state__?: object }).__tinypool_state__ = state;
}

/** A message to the pool is a mistake there, and fails the task that sends it. */
function refuseMessages(): void {
  const port = parentPort!;
  const { postMessage } = port;
  port.postMessage = (...args: Parameters<typeof postMessage>) => {
    misuse ??= new Error(`Unexpected message on Worker: ${inspect(args[0])}`);
    postMessage.apply(port, args);
  };
}

function beNice(increment: number): void {
  try {
    (require("@napi-rs/nice") as { nice(increment: number): number }).nice(increment);
  } catch {
    // An optional package.
  }
}

/** Runs a task of the pool's own file and function. */
export function runFirst(task: unknown, claim: number): unknown {
  if (!claimTask(claims, claim)) return undefined;
  const handler = first!.handler;
  return handler === undefined ? loadAndRun(first!.filename, first!.name, task) : timed(handler, task);
}

/** Runs a task of another file or function. */
export function run(filename: string, name: string, task: unknown, claim: number): unknown {
  if (!claimTask(claims, claim)) return undefined;
  const handler = knownHandler(filename, name);
  return handler === undefined ? loadAndRun(filename, name, task) : timed(handler, task);
}

async function loadAndRun(filename: string, name: string, task: unknown): Promise<unknown> {
  return await timed(await load(filename, name), task);
}

async function load(filename: string, name: string): Promise<Handler> {
  if (preloading !== undefined) await preloading;
  return await loadHandler(filename, name);
}

/** Runs a task, and counts its time. */
function timed(handler: Handler, task: unknown): unknown {
  if (claims === undefined) return finish(handler(task));
  const began = now();
  const result = handler(task);
  if (isThenable(result)) {
    return result.then((value) => {
      noteTime(claims!, now() - began);
      return finish(value);
    });
  }
  noteTime(claims, now() - began);
  return finish(result);
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

/** Runs a task, and measures the heap. */
export async function runMeasured(
  filename: string,
  name: string,
  task: unknown,
): Promise<{ result: unknown; usedMemory: number }> {
  const handler = knownHandler(filename, name) ?? (await load(filename, name));
  const result = await handler(task);
  if (misuse !== undefined) throw misuse;
  const isMovable = movables.isMovable(result);
  const { value, transfer } = isMovable ? movables.unwrap(result) : { value: result, transfer: [] };
  const measured = { result: value, usedMemory: memoryUsage().heapUsed };
  return isMovable ? interpreters().move(measured, transfer as []) : measured;
}

/** The result as it is sent: what the function marked is moved. */
function finish(result: unknown): unknown {
  if (misuse !== undefined) throw misuse;
  if (typeof result !== "object" || result === null) return result;
  if (isThenable(result)) return result.then(finish);
  if (!movables.isMovable(result)) return result;
  const { value, transfer } = movables.unwrap(result);
  return interpreters().move(value as object, transfer as []);
}
