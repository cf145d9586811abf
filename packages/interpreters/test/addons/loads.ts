/** Functions for interpreters: every ordinary way to load an addon, and calls of it. */
import Module, { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { fromModule, type Interpreter, type Queue } from "interpreters";

const require = createRequire(import.meta.url);

export interface Statics {
  /** Counts its calls, in all threads together. */
  next(): number;
  /** Returns how often the addon was initialized, in all threads together. */
  initialized(): number;
  /** Blocks for `time` milliseconds. */
  pause(time: number): void;
}

export interface Thread {
  start(callback?: () => void): void;
  ticks(): number;
}

export type Way = keyof typeof load;

/** Each returns the exports of the addon. */
export const load = {
  require: (file: string): unknown => require(file),
  "createRequire elsewhere": (file: string): unknown => createRequire("/elsewhere.js")(file),
  "process.dlopen": (file: string): unknown => {
    const module = { exports: {} };
    process.dlopen(module, file);
    return module.exports;
  },
  "process.dlopen with flags": (file: string): unknown => {
    const module = { exports: {} };
    process.dlopen(module, file, 2);
    return module.exports;
  },
  "Module._extensions": (file: string): unknown => {
    const module = new Module.Module(file);
    const extensions = (
      Module as unknown as { _extensions: Record<string, (module: Module, file: string) => void> }
    )._extensions;
    extensions[".node"](module, file);
    return module.exports;
  },
} as const;

export const ways = Object.keys(load) as Way[];

export function initialized(way: Way, file: string): number {
  return (load[way](file) as Statics).initialized();
}

export async function imported(file: string): Promise<number> {
  const module = (await import(pathToFileURL(file).href)) as { default: Statics };
  return module.default.initialized();
}

export function next(file: string): number {
  return (require(file) as Statics).next();
}

/** As `next`, but puts the result into a queue. */
export function nextInto(queue: Queue<number>, file: string): void {
  queue.putSync(next(file));
}

/** As `next`, in another interpreter, for which this one waits. */
export function nextIn(target: Interpreter, file: string): number {
  const { next } = fromModule<{ next(file: string): number }>(import.meta.url);
  return target.callSync(next, file);
}

/** As `next`, once this interpreter has nothing else to do. */
export function nextLater(file: string): void {
  setImmediate(() => next(file));
}

/** As `next`, after it has set `flag` to say that it is about to. */
export function nextAfter(flag: Int32Array<SharedArrayBuffer>, file: string): number {
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  return next(file);
}

/** Loads it while the thread that shares `flag` waits for the end of that. Returns the result or the error, as text. */
export function tryWhileWaited(flag: Int32Array<SharedArrayBuffer>, file: string): string {
  try {
    return String(next(file));
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  } finally {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  }
}

/** Terminates `target` once `flag` is 1, and then sets `flag` to 2. */
export function terminateWhenSet(flag: Int32Array<SharedArrayBuffer>, target: Interpreter): void {
  Atomics.wait(flag, 0, 0);
  try {
    target.terminateSync();
  } finally {
    Atomics.store(flag, 0, 2);
    Atomics.notify(flag, 0);
  }
}

/** Loads a package's JavaScript wrapper of an addon again and again, in both kinds of module. */
export async function reload(wrapper: string): Promise<number[]> {
  const counts: number[] = [];
  for (let i = 0; i < 3; i++) {
    delete require.cache[wrapper];
    counts.push((require(wrapper) as Statics).next());
    const again = (await import(`${wrapper}?${i}`)) as { default: Statics };
    counts.push(again.default.next());
  }
  return counts;
}

export function pause(file: string, time: number): void {
  (require(file) as Statics).pause(time);
}

export function startThread(file: string): number {
  const thread = require(file) as Thread;
  thread.start(() => {});
  thread.start();
  return thread.ticks();
}
