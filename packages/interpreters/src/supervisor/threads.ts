/** Starting the threads of interpreters, with what they all have in common (the text they run, and its code cache), and ending them. */
import { readFileSync } from "../platform/files.js";
import { MessageChannel, type MessagePort } from "../platform/ports.js";
import { SHARE_ENV, Worker } from "../platform/threads.js";
import { packageFile } from "../platform/package-files.js";
import { withoutRefused } from "../platform/exec-argv.js";
import type { BootOptions, CodeCache, Place, WorkerData } from "../wire/boot.js";
import type { WasmMemory } from "../memory/webassembly.js";

/** The line (interpreter/line.ts) that each thread was given. */
const ports = new WeakMap<Worker, MessagePort>();
/** What threads start with, made by one that had to start without. */
let codeCache: Uint8Array | undefined;
/** What threads run, once one was started. */
let text: Uint8Array<SharedArrayBuffer> | undefined;

/** How long to wait for a thread to end before it is told again, at first and at most; milliseconds. */
const PATIENCE = 20;
const MOST_PATIENCE = 1000;

/** Starts a thread that is to be the interpreter in that slot, or a spare one. Throws what Node has against the options. */
export function startThread(
  memory: WasmMemory,
  options: BootOptions,
  place: Place,
  execArgv = options.execArgv,
): Worker {
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
    ports.set(worker, port1);
    return worker;
  } catch (error) {
    port1.close();
    const rest = options.inheritedExecArgv ? withoutRefused(execArgv, error) : undefined;
    if (rest === undefined) throw error;
    return startThread(memory, options, place, rest);
  }
}

/**
 * Again and again: termination is an exception that no JavaScript can catch, but Node's own code can, where it loads a module, and
 * then what called it goes on, perhaps for ever. (`ModuleWrap`: what "has terminated" is not thrown on.)
 */
export function terminateThread(
  worker: Pick<Worker, "terminate" | "once" | "setMaxListeners">,
  patience = PATIENCE,
): void {
  // Each time adds a listener.
  worker.setMaxListeners(0);
  void worker.terminate();
  const again = setTimeout(terminateThread, patience, worker, Math.min(patience * 2, MOST_PATIENCE));
  worker.once("exit", () => clearTimeout(again));
}

/** The supervisor's end of the line to a thread that `startThread` started. */
export function portTo(worker: Worker): MessagePort {
  return ports.get(worker)!;
}

function bundleText(): Uint8Array<SharedArrayBuffer> {
  return (text ??= forAll(readFileSync(packageFile("interpreters.cjs"))));
}

/** From a thread that may be posting messages of its user's as well. */
function keepCodeCache(message: Partial<CodeCache> | undefined | null): void {
  const made = message?.interpretersCodeCache;
  if (made instanceof Uint8Array) codeCache ??= forAll(made);
}

/** The same bytes, where all threads can read them. */
function forAll(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
