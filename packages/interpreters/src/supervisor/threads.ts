/** Starting the threads of interpreters, with what they all share (the text that they run, and its code cache), and ending them. */
import { readFileSync } from "../platform/files.js";
import { processors } from "../platform/processors.js";
import { vm } from "../platform/scripts.js";
import { setImmediate } from "../platform/timers.js";
import { fileURLToPath } from "../platform/urls.js";
import { MessageChannel, type MessagePort } from "../platform/ports.js";
import { SHARE_ENV, Worker } from "../platform/threads.js";
import { packageFile } from "../platform/package-files.js";
import { withoutRefused } from "../platform/exec-argv.js";
import { createDerivedTexts } from "../base/derived-texts.js";
import type { BootOptions, CodeCache, Place, WorkerData } from "../wire/boot.js";
import type { WasmMemory } from "../memory/webassembly.js";

export interface StartedThread {
  readonly worker: Worker;
  /** The other end of the thread's supervisor port (transfer/supervisor-port.ts). */
  readonly port: MessagePort;
}

/** Left by a thread that had to start without one. */
let codeCache: Uint8Array | undefined;
/** The bundle that threads run, once one was started. */
let sharedText: Uint8Array<SharedArrayBuffer> | undefined;
/** Made for the first thread. */
let derivedTexts: SharedArrayBuffer | undefined;

/** How long to wait for a thread to end before it is terminated again, at first and at most; milliseconds. */
const PATIENCE = 20;
const MOST_PATIENCE = 1000;

/** Starts the thread of the interpreter in a slot, or a standby thread. Throws Node's error if it refuses the options. */
export function startThread(
  memory: WasmMemory,
  options: BootOptions,
  place: Place,
  execArgv = options.execArgv,
): StartedThread {
  const { port1, port2 } = new MessageChannel();
  try {
    const worker = new Worker(packageFile("worker.cjs"), {
      workerData: {
        memory,
        ...place,
        config: options.config,
        output: options.output,
        language: options.language,
        text: bundleText(),
        codeCache,
        firstCache: codeCache === undefined ? startFirstCache() : undefined,
        derivedTexts: (derivedTexts ??= createDerivedTexts()),
        port: port2,
      } satisfies WorkerData,
      transferList: [port2],
      env: options.config.shareEnv ? SHARE_ENV : options.env,
      execArgv,
      ...(options.name && { name: options.name }),
      ...(options.argv && { argv: options.argv }),
      ...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
    });
    if (codeCache === undefined) worker.on("message", keepCodeCache);
    return { worker, port: port1 };
  } catch (error) {
    port1.close();
    const rest = options.inheritedExecArgv ? withoutRefused(execArgv, error) : undefined;
    if (rest === undefined) throw error;
    return startThread(memory, options, place, rest);
  }
}

/**
 * Terminates a thread, again and again until it ends. Termination is an exception that no JavaScript can catch, but Node's own
 * code does where it loads a module, and its caller then goes on, perhaps for ever. (`ModuleWrap` does not rethrow an exception
 * that "has terminated".)
 */
export function terminateThread(
  worker: Pick<Worker, "terminate" | "once" | "setMaxListeners">,
  patience = PATIENCE,
): void {
  // Each attempt adds a listener.
  worker.setMaxListeners(0);
  void worker.terminate();
  const again = setTimeout(terminateThread, patience, worker, Math.min(patience * 2, MOST_PATIENCE));
  worker.once("exit", () => clearTimeout(again));
}

/** Set by a supervisor that cannot read files of this package. */
let text: Uint8Array | undefined;
export function useText(bundle: Uint8Array | undefined): void {
  text = bundle;
}

function bundleText(): Uint8Array<SharedArrayBuffer> {
  return (sharedText ??= forAll(text ?? readFileSync(packageFile("interpreters.cjs"))));
}

let firstCache: SharedArrayBuffer | undefined;

/**
 * Compiles the bundle on this thread, which is idle while the first interpreter boots. That interpreter need not compile it then, so its first
 * result comes 4 to 7 ms sooner. The other threads of a pool that starts find the cache, too.
 */
function startFirstCache(): SharedArrayBuffer | undefined {
  // With one processor, this thread would only delay the other.
  if (firstCache !== undefined || processors() === 1) return firstCache;
  const bundle = bundleText();
  // More than V8 needs. Only what is written takes memory.
  const room = (firstCache = new SharedArrayBuffer(4 + 2 * bundle.length));
  setImmediate(() => {
    const script = new vm.Script(Buffer.from(bundle.buffer).toString("latin1"), {
      filename: fileURLToPath(packageFile("interpreters.cjs")),
    });
    const made = script.createCachedData();
    if (made.length > room.byteLength - 4) return;
    new Uint8Array(room, 4).set(made);
    Atomics.store(new Int32Array(room, 0, 1), 0, made.length);
  });
  return room;
}

/** The thread's user code may post messages, too: they are ignored. */
function keepCodeCache(message: Partial<CodeCache> | undefined | null): void {
  const made = message?.interpretersCodeCache;
  if (made instanceof Uint8Array) codeCache ??= forAll(made);
}

/** A copy of the bytes that all threads can read. */
function forAll(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
