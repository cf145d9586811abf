/**
 * The entry of an interpreter's thread. It has a bundle of its own (scripts/bundle.mjs), and loads the interpreter bundle.
 *
 * V8 would parse and compile the interpreter bundle anew in each thread, which takes as long as everything else that a thread does before
 * it is ready. So the first interpreter of a process leaves a code cache with the supervisor, with all functions that it had to
 * compile up to the end of its first work item, and later threads start with that. The first ones start with what main has compiled, if
 * main could leave that (thread/bundle-for-interpreters.ts). The first interpreter that loads the API bundle leaves a cache of that in
 * memory that all threads see. V8 rejects a cache that does not fit (because of other flags), and compiles.
 */
import { path } from "./platform/paths.js";
import { vm } from "./platform/scripts.js";
import { parentPort, workerData } from "./platform/threads.js";
import type * as Bundle from "./bundle.js";
import type { CodeCache, WorkerData } from "./wire/boot.js";

type VmScript = InstanceType<typeof vm.Script>;

// This module's bundle is a CommonJS module, which has these. Making them from `import.meta.url` would take a good part of the rest of
// the start-up time.
declare const require: NodeJS.Require;
declare const __dirname: string;

const data = workerData as WorkerData;
const { text, codeCache, firstCache } = data;
const firstLength = firstCache === undefined ? 0 : Atomics.load(new Int32Array(firstCache, 0, 1), 0);
const cachedData =
  firstCache === undefined || firstLength === 0 ? codeCache : new Uint8Array(firstCache, 4, firstLength);
const file = path.join(__dirname, "interpreters.cjs");
const script = compile(text, file, cachedData);
const { share, startInterpreter } = evaluate<typeof Bundle>(script, file);

// Before any user code, which may bring a copy of its own, and may replace what this uses.
share(() => {
  const filename = path.join(__dirname, "api.cjs");
  const { text, cache } = data.api;
  const length = new Int32Array(cache, 0, 1);
  const found = Atomics.load(length, 0);
  const script = compile(text, filename, found > 0 ? new Uint8Array(cache, 4, found) : undefined);
  if (found === 0) {
    const leave = (): void => leaveApiCache(script, cache, length);
    setTimeout(leave, LEAVE_AFTER_FIRST).unref();
    process.once("exit", leave);
  }
  return { exports: evaluate<Bundle.ApiFile>(script, filename) };
});

/** The text is ASCII. Decoding it as Latin-1 takes the least time. */
function compile(text: Uint8Array, filename: string, cachedData?: Uint8Array): VmScript {
  return new vm.Script(Buffer.from(text.buffer).toString("latin1"), {
    filename,
    ...(cachedData && { cachedData }),
  });
}

function evaluate<T>(script: VmScript, filename: string): T {
  const module = { exports: {} };
  // The wrapper that Node's loader makes of a CommonJS module. A bundle evaluates to it where no `module` is defined.
  const load = script.runInThisContext() as (
    exports: object,
    require: NodeJS.Require,
    module: object,
    filename: string,
  ) => void;
  load(module.exports, require, module, filename);
  return module.exports as T;
}

/** Leaves the code cache of the API bundle for the next threads, unless another one has begun to. */
function leaveApiCache(script: VmScript, cache: SharedArrayBuffer, length: Int32Array): void {
  if (Atomics.compareExchange(length, 0, 0, -1) !== 0) return;
  const made = script.createCachedData();
  if (made.length > cache.byteLength - 4) return;
  new Uint8Array(cache, 4).set(made);
  Atomics.store(length, 0, made.length);
}

/** Milliseconds after which a thread leaves the code cache even if its first work item is still going on, like a server's. */
const LEAVE_AFTER = 1_000;
/** Milliseconds from the first result until it does: the next calls often come at once, and should not wait. */
const LEAVE_AFTER_FIRST = 50;
let timer: NodeJS.Timeout | undefined;
let left = codeCache !== undefined;

/** Leaves the code cache, which takes two or three milliseconds. */
function leaveCodeCache(): void {
  clearTimeout(timer);
  if (left) return;
  left = true;
  parentPort?.postMessage({ interpretersCodeCache: script.createCachedData() } satisfies CodeCache);
}

function leaveLater(milliseconds: number): void {
  if (left) return;
  clearTimeout(timer);
  timer = setTimeout(leaveCodeCache, milliseconds).unref();
}

startInterpreter(
  (url) => import(url) as Promise<object>,
  () => leaveLater(LEAVE_AFTER_FIRST),
  require,
);

if (!left) {
  process.once("exit", leaveCodeCache);
  // A standby thread has warmed up, and is about to block.
  if ("slot" in data) leaveLater(LEAVE_AFTER);
  else leaveCodeCache();
}
