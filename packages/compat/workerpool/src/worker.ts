/**
 * In a worker: its functions, the task that runs, and what it has to clean up. The state is a global, because the worker's script may get
 * another copy of this package than the pool.
 */
import { inspect } from "node:util";
import type { AnyFn, Methods, PublicWorker, WorkerRegisterOptions } from "./types";

const DEFAULT_TIMEOUT = 1000;

type AbortListener = () => PromiseLike<void> | void;

interface RunningTask {
  readonly id: number;
  /** Ends the task with undefined, whatever becomes of its promise. */
  release?: () => void;
}

/** How a worker reaches its pool. */
export interface Host {
  ready(): void;
  emit(id: number, payload: unknown): void;
  /** The state that the pool must know of this worker has changed. */
  changed(worker: WorkerState): void;
}

export interface WorkerState {
  readonly host: Host;
  readonly methods: Record<string, AnyFn>;
  readonly publicWorker: PublicWorker;
  abortListeners: AbortListener[];
  abortListenerTimeout: number;
  onTerminate: WorkerRegisterOptions["onTerminate"];
  task: RunningTask | undefined;
  /** The id of the last task that has begun. */
  begun: number;
  /** Tasks that the pool gave up before they began. */
  readonly givenUp: Set<number>;
}

const KEY = Symbol.for("@interpreters/workerpool.worker");
const holder = globalThis as { [KEY]?: WorkerState };

/** The worker that this thread or process is, if it is one. */
export const currentWorker = (): WorkerState | undefined => holder[KEY];

/** Makes this thread or process a worker. */
export function openWorker(host: Host): WorkerState {
  const compiled = new Map<string, AnyFn>();
  const worker: WorkerState = {
    host,
    methods: Object.assign(Object.create(null) as Record<string, AnyFn>, {
      run: (text: string, args?: unknown[]): unknown => {
        let fn = compiled.get(text);
        if (fn === undefined) {
          // oxlint-disable-next-line typescript/no-implied-eval -- the program's own function, which it passed to `exec`
          fn = new Function(`return (${text}).apply(this, arguments);`) as AnyFn;
          Object.assign(fn, { worker: worker.publicWorker });
          if (compiled.size >= 100) compiled.clear();
          compiled.set(text, fn);
        }
        return fn.apply(fn, args ?? []);
      },
      methods: () => Object.keys(worker.methods),
    }),
    publicWorker: {
      addAbortListener(listener) {
        worker.abortListeners.push(listener);
        host.changed(worker);
      },
      emit: (payload) => emit(worker, payload),
    },
    abortListeners: [],
    abortListenerTimeout: DEFAULT_TIMEOUT,
    onTerminate: undefined,
    task: undefined,
    begun: 0,
    givenUp: new Set(),
  };
  return (holder[KEY] = worker);
}

export function register(worker: WorkerState, methods?: Methods, options?: WorkerRegisterOptions): void {
  for (const [name, method] of Object.entries(methods ?? {})) {
    worker.methods[name] = Object.assign(method, { worker: worker.publicWorker });
  }
  if (options !== undefined) {
    worker.onTerminate = options.onTerminate;
    worker.abortListenerTimeout = options.abortListenerTimeout || DEFAULT_TIMEOUT;
    worker.host.changed(worker);
  }
  worker.host.ready();
}

export function emit(worker: WorkerState, payload: unknown): void {
  if (worker.task !== undefined) worker.host.emit(worker.task.id, payload);
}

/** Runs a task. Throws, or rejects with, what the task threw, as far as that can travel (`thrownBy`). */
export function execute(
  worker: WorkerState,
  id: number,
  method: string,
  params: readonly unknown[] | null | undefined,
): unknown {
  worker.begun = id;
  if (worker.givenUp.delete(id)) return undefined;
  const fn = worker.methods[method];
  if (fn === undefined) throw new Error(`Unknown method "${method}"`);
  const task: RunningTask = { id };
  worker.task = task;
  let result: unknown;
  try {
    result = fn.apply(fn, (params ?? []) as unknown[]);
  } catch (error) {
    worker.task = undefined;
    throw thrownBy(error);
  }
  if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") {
    worker.task = undefined;
    return result;
  }
  return settled(worker, task, result as PromiseLike<unknown>);
}

async function settled(
  worker: WorkerState,
  task: RunningTask,
  promise: PromiseLike<unknown>,
): Promise<unknown> {
  try {
    return await Promise.race([promise, new Promise<void>((resolve) => (task.release = resolve))]);
  } catch (error) {
    throw thrownBy(error);
  } finally {
    if (worker.task === task) worker.task = undefined;
  }
}

/**
 * The error that the pool's task rejects with. Errors and primitive values travel as they are. An error whose class has `toJSON` gets what that shows, too,
 * and of any other object, an Error gets the properties: a task that failed rejects with an Error in workerpool's programs.
 */
export function thrownBy(error: unknown): unknown {
  if ((typeof error !== "object" && typeof error !== "function") || error === null) return error;
  if (!(error instanceof Error)) return Object.assign(new Error(""), jsonOf(error));
  if (typeof (error as { toJSON?: unknown }).toJSON === "function") {
    for (const [key, value] of Object.entries(jsonOf(error))) if (!(key in error)) set(error, key, value);
  }
  return error;
}

function jsonOf(error: object): object {
  try {
    const json: unknown = JSON.parse(JSON.stringify(error));
    if (typeof json === "object" && json !== null) return json;
  } catch {
    // It is a function, has a cycle, or its toJSON throws.
  }
  return { message: inspect(error) };
}

function set(object: object, key: string, value: unknown): void {
  Reflect.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
}

/**
 * Runs the abort listeners of the task that the pool has given up. Resolves to null if the worker can go on: then the task ends, even if its
 * promise never settles, or never begins. Otherwise resolves to the reason why the worker must be stopped.
 */
export async function cleanUp(worker: WorkerState, id: number): Promise<Error | null> {
  if (id > worker.begun) {
    worker.givenUp.add(id);
    return null;
  }
  const listeners = worker.abortListeners;
  if (listeners.length === 0) return new Error("Worker terminating");
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = "Timeout occurred waiting for abort handler, killing worker";
    timer = setTimeout(() => reject(new Error(message)), worker.abortListenerTimeout);
  });
  try {
    await Promise.race([Promise.all(listeners.map(async (listener) => listener())), late]);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
  worker.abortListeners = [];
  worker.host.changed(worker);
  if (worker.task?.id === id) {
    const { release } = worker.task;
    worker.task = undefined;
    release?.();
  }
  return null;
}

/** Runs the termination handler, and then ends this thread or process. */
export async function finish(worker: WorkerState, code: number): Promise<void> {
  try {
    await worker.onTerminate?.(code);
  } finally {
    process.exit(code);
  }
}
