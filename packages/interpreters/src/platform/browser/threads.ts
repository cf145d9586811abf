/**
 * Threads are dedicated workers.
 *
 * A worker that ends tells nobody: not by `close()`, nor when a terminated one has really stopped (Chromium lets a busy one run on for 2
 * seconds). So each thread holds a Web Lock from before it touches shared memory until its JavaScript has ended, and the thread that has
 * started it waits for that lock: getting it is the `exit` event. A thread that is terminated before it has its lock never gets it.
 */
import { EARLY } from "./early.js";
import { adoptPort, MessageChannel, MessagePort } from "./ports.js";
import { setImmediate, setTimeout } from "./timers.js";
import { type Files, type Port, start } from "./start.js";

export interface WorkerOptions {
  readonly workerData?: unknown;
  readonly transferList?: readonly unknown[];
  readonly name?: string;
  readonly [other: string]: unknown;
}

interface WebWorker {
  addEventListener(
    type: "error",
    listener: (event: { readonly message?: string; preventDefault(): void }) => void,
  ): void;
  postMessage(message: unknown, transfer: readonly unknown[]): void;
  terminate(): void;
}

interface Locks {
  request(name: string, callback: () => unknown): Promise<unknown>;
}

const { Worker: WebWorker, navigator } = globalThis as unknown as {
  Worker: new (url: string, options: { name: string }) => WebWorker;
  navigator: { locks: Locks };
};
const locks = (navigator as typeof navigator | undefined)?.locks;

export const isMainThread = start.control === undefined;
export const parentPort: Port | null = null;
export const SHARE_ENV: unique symbol = Symbol("SHARE_ENV");
export const { threadId } = start;
export const stopPatience = { running: 0, booting: 0 };
export const leaveThread: (() => never) | undefined = undefined;
// A spare thread gets it when an interpreter needs the thread (whenGiven).
export let { workerData } = start;
export const refusedLimits: string | undefined =
  "Browsers do not limit the memory of threads. Leave the option out.";

/** Data that a thread finds in Node and that its starter gave: no page has a place for it. */
export interface Parent {
  readonly workerData: unknown;
  readonly parentPort: Port | null;
}

export function showParent(_parent: Parent): void {}

/** The messages of a thread to the one that has started it. */
type Control = { readonly held: true } | { readonly exit: number } | { readonly error: unknown };

/** Thread numbers of one starter. The supervisor starts all interpreters. */
let threads = 0;

type Listener = (value: never) => void;

/**
 * How long after the script of an interpreter has loaded the next spare thread starts, so that the two do not compete; milliseconds.
 */
const SPARE_DELAY = 20;

let spare: Worker | undefined;
let spareComes = false;

/**
 * The thread of an interpreter. A thread takes twice as long to load its script as a bare worker takes to start (parsing is most of it, and no
 * browser keeps compiled code for workers), so one that has loaded it and holds its lock is kept ready from the first interpreter on.
 */
export function interpreterThread(options: WorkerOptions): Worker {
  const found = spare;
  // Only the constructor can give a thread the name that the browser's tools show.
  if (found?.isUsable !== true || options.name !== undefined) return new Worker("interpreter", options);
  spare = undefined;
  found.give(options);
  if (found.hasLoaded) makeSpareLater();
  return found;
}

function makeSpareLater(): void {
  if (spareComes) return;
  spareComes = true;
  setTimeout(() => {
    spareComes = false;
    if (spare?.isUsable !== true) spare = new Worker("interpreter", {});
  }, SPARE_DELAY);
}

export class Worker {
  readonly threadId = ++threads;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #lock = `${start.space} ${start.threadId} ${this.threadId}`;
  readonly #interprets: boolean;
  #worker: WebWorker | undefined;
  #exitCode = 0;
  #waits = false;
  #ended = false;

  constructor(
    file: keyof Files,
    options: WorkerOptions,
    files: Files | Promise<Files> = start.files,
    early?: WebWorker,
  ) {
    this.#interprets = file === "interpreter";
    if (!(files instanceof Promise)) {
      this.#start(files[file], files, options, early);
      return;
    }
    files.then(
      (found) => this.#ended || this.#start(found[file], found, options),
      (error: unknown) => this.#fail(error),
    );
  }

  #start(
    url: string,
    files: Files,
    { name = "", workerData: data, transferList = [] }: WorkerOptions,
    early?: WebWorker,
  ): void {
    const { port1, port2 } = new MessageChannel();
    const { space, base } = start;
    port1.addEventListener("message", ((event: { data: Control }) => this.#told(event.data)) as never);
    port1.start();
    try {
      this.#worker = early ?? new WebWorker(url, { name });
    } catch (error) {
      // The URL is of another origin: a bundler has left one of its own machine.
      setImmediate(() => this.#fail(error));
      return;
    }
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      // Errors of its code it tells itself.
      if (!this.#waits) this.#fail(new Error(event.message ?? `cannot load ${url}`));
    });
    this.#worker.postMessage(
      { space, base, files, threadId: this.threadId, workerData: data, lock: this.#lock, control: port2 },
      [port2, ...transferList],
    );
  }

  /** Whether its script has run. */
  get hasLoaded(): boolean {
    return this.#waits;
  }

  /** Whether its script has not failed, and it has not ended. */
  get isUsable(): boolean {
    return !this.#ended && this.#exitCode === 0;
  }

  /** Gives a spare thread what the constructor gives others. */
  give({ workerData: data, transferList = [] }: WorkerOptions): void {
    this.#worker!.postMessage(data, transferList);
  }

  #told(message: Control): void {
    if ("held" in message) {
      this.#awaitEnd();
      if (this.#interprets) makeSpareLater();
    } else if ("exit" in message) this.#exitCode = message.exit;
    else {
      this.#exitCode = 1;
      this.#emit("error", message.error);
      void this.terminate();
    }
  }

  /** Its first script does not run: nothing of it ever will. */
  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#exitCode = 1;
    this.#emit("error", error);
    void this.terminate();
  }

  #awaitEnd(): void {
    if (this.#waits) return;
    this.#waits = true;
    // Keeps the lock for good: no thread may get it afterwards.
    void locks?.request(this.#lock, () => {
      this.#ended = true;
      this.#emit("exit", this.#exitCode);
      return new Promise(() => {});
    });
  }

  #emit(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (value: unknown) => void)(value);
  }

  on(event: string, listener: Listener): this {
    const all = this.#listeners.get(event);
    if (all === undefined) this.#listeners.set(event, new Set([listener]));
    else all.add(listener);
    return this;
  }

  once(event: string, listener: Listener): this {
    return this.on(event, listener);
  }

  postMessage(_message: unknown): void {}

  terminate(): Promise<number> {
    this.#worker?.terminate();
    this.#awaitEnd();
    return Promise.resolve(this.#exitCode);
  }

  setMaxListeners(_count: number): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

const early = (globalThis as { [EARLY]?: WebWorker })[EARLY];
if (early !== undefined) spare = new Worker("interpreter", {}, start.files, early);

let texts: (() => Promise<Files>) | undefined;

/** Says how to make URLs of the texts that a bundler has taken in place of the files. */
export function setTexts(load: () => Promise<Files>): void {
  texts = load;
}

/** Starts the supervisor from text, and with it all other threads. */
export function startFromTexts(options: WorkerOptions): Worker {
  const files = (texts?.() ?? Promise.reject(new Error("this build has no texts"))).then((found) => {
    start.files = found;
    return found;
  });
  return new Worker("first", options, files);
}

/** Calls `run` when this thread holds its lock. From then on its starter sees its end. */
export function holdLock(run: () => void): void {
  void locks?.request(start.lock, () => {
    start.control?.postMessage({ held: true } satisfies Control);
    run();
    return new Promise(() => {});
  });
}

/** Tells the thread that has started this one of an error that ends it. */
export function tellError(error: unknown): void {
  try {
    start.control?.postMessage({ error } satisfies Control);
  } catch {
    // It cannot be cloned.
    start.control?.postMessage({ error: new Error(String(error)) } satisfies Control);
  }
}

const isSpare = start.control !== undefined && workerData === undefined;

/** Listens from the beginning: what a spare thread is given may come before it has its lock. */
const given = isSpare
  ? new Promise<void>((resolve) => {
      const listener = (event: object): void => {
        workerData = (event as { readonly data: unknown }).data;
        adoptPorts();
        resolve();
      };
      (globalThis as unknown as EventTarget).addEventListener("message", listener, { once: true });
    })
  : undefined;

/** Calls `run` when this thread has its `workerData`. */
export function whenGiven(run: () => void): void {
  if (given === undefined) run();
  else void given.then(run);
}

/** Ports come bare. */
function adoptPorts(): void {
  for (const each of [start.control, ...Object.values(workerData ?? {})] as unknown[])
    if (each instanceof MessagePort) adoptPort(each);
}
adoptPorts();
