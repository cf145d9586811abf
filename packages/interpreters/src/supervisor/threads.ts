/** Starting the threads of interpreters, with what they all share (the text that they run, and its code cache), and ending them. */
import { MessageChannel, type MessagePort } from "../platform/ports.js";
import { SHARE_ENV, type Worker } from "../platform/threads.js";
import { packageBytes, startThreadOf } from "../platform/package-files.js";
import { withoutRefused } from "../platform/exec-argv.js";
import type {
  BootOptions,
  CodeCache,
  Place,
  SharedScript,
  SupervisorData,
  WorkerData,
} from "../wire/boot.js";
import type { WasmMemory } from "../memory/webassembly.js";

export interface StartedThread {
  readonly worker: Worker;
  /** The other end of the thread's supervisor port (transfer/supervisor-port.ts). */
  readonly port: MessagePort;
  /** Whether it writes at its end what it has counted (`NODE_V8_COVERAGE`). */
  readonly isMeasured: boolean;
}

/** What all threads share. */
export interface Shared {
  /** The bundle that they run; undefined until it is read from its file. Once a thread was started, all threads can read it. */
  text: Uint8Array | undefined;
  readonly firstCache: SharedArrayBuffer | undefined;
  /** The API bundle; undefined until the text is read. */
  api: SharedScript | undefined;
  /** Left by a thread that had to start without one. */
  codeCache: Uint8Array | undefined;
  readonly derivedTexts: SharedArrayBuffer | undefined;
}

export function makeShared({
  text,
  apiText,
  firstCache,
  derivedTexts,
}: Pick<SupervisorData, "text" | "apiText" | "firstCache" | "derivedTexts">): Shared {
  const api = apiText && withRoom(apiText);
  return { text, firstCache, api, codeCache: undefined, derivedTexts };
}

/** How long to wait for a thread to end before it is terminated again, at first and at most; milliseconds. */
const PATIENCE = 20;
const MOST_PATIENCE = 1000;

/** Starts the thread of the interpreter in a slot, or a standby thread. Throws Node's error if it refuses the options. */
export function startThread(
  memory: WasmMemory,
  shared: Shared,
  options: BootOptions,
  place: Place,
  languageShared?: unknown,
  execArgv = options.execArgv,
): StartedThread {
  const { port1, port2 } = new MessageChannel();
  const env = options.config.shareEnv ? process.env : options.env;
  const isMeasured = Boolean(env["NODE_V8_COVERAGE"]);
  try {
    const worker = startThreadOf("worker.cjs", {
      workerData: {
        memory,
        ...place,
        config: options.config,
        input: options.input,
        output: options.output,
        language: options.language,
        concurrency: options.concurrency,
        languageShared,
        text: bundleText(shared),
        codeCache: shared.codeCache,
        firstCache: shared.codeCache === undefined ? shared.firstCache : undefined,
        api: (shared.api ??= withRoom(packageBytes("api.cjs"))),
        derivedTexts: shared.derivedTexts,
        port: port2,
      } satisfies WorkerData,
      transferList: [port2],
      env: options.config.shareEnv ? SHARE_ENV : options.env,
      execArgv,
      ...(options.name && { name: options.name }),
      ...(options.argv && { argv: options.argv }),
      ...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
    });
    if (shared.codeCache === undefined) worker.on("message", (message) => keepCodeCache(shared, message));
    return { worker, port: port1, isMeasured };
  } catch (error) {
    port1.close();
    const rest = withoutRefused(execArgv, options.inheritedExecArgv, error);
    if (rest === undefined) throw error;
    return startThread(memory, shared, options, place, languageShared, rest);
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

function bundleText(shared: Shared): Uint8Array<SharedArrayBuffer> {
  const text = shared.text ?? packageBytes("interpreters.cjs");
  return (shared.text = forAll(text));
}

function withRoom(text: Uint8Array): SharedScript {
  // More than V8 needs. Only what is written takes memory.
  return { text: forAll(text), cache: new SharedArrayBuffer(4 + 2 * text.length) };
}

/** The thread's user code may post messages, too: they are ignored. */
function keepCodeCache(shared: Shared, message: Partial<CodeCache> | undefined | null): void {
  const made = message?.interpretersCodeCache;
  if (made instanceof Uint8Array) shared.codeCache ??= forAll(made);
}

/** The bytes where all threads can read them. */
function forAll(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes as Uint8Array<SharedArrayBuffer>;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
