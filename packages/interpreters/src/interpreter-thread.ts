/**
 * The entry of an interpreter's thread. It is bundled by itself (scripts/bundle.mjs), and loads the rest.
 *
 * V8 would read and compile all of the bundle anew in each thread, which takes as long as all else that a thread of ours
 * does before it is ready. So the first interpreter of a process leaves the supervisor a code cache, with what it had to
 * compile for its first work, and later ones start with that. V8 refuses one that does not fit (other flags), and compiles.
 */
import { path } from "./platform/paths.js";
import { vm } from "./platform/scripts.js";
import { parentPort, workerData } from "./platform/threads.js";
import type * as Bundle from "./bundle.js";
import type { CodeCache, WorkerData } from "./wire/boot.js";

// What a CommonJS module has, which the bundle of this one is; to make the like, of `import.meta.url`, takes a good part of what
// is left of the start.
declare const require: NodeJS.Require;
declare const __dirname: string;

const data = workerData as WorkerData;
const { text, codeCache } = data;
const file = path.join(__dirname, "interpreters.cjs");
// All of it is ASCII, which takes the least time to read as what it also is.
const script = new vm.Script(Buffer.from(text.buffer).toString("latin1"), {
  filename: file,
  ...(codeCache && { cachedData: codeCache }),
});

const module = { exports: {} };
// What Node's own loader makes of a CommonJS module, and calls: where there is no `module`, this one is that by itself.
const evaluate = script.runInThisContext() as (
  exports: object,
  require: NodeJS.Require,
  module: object,
  filename: string,
) => void;
evaluate(module.exports, require, module, file);

const { share, startInterpreter } = module.exports as typeof Bundle;
// Before any code of the user's, which may bring a copy of its own.
share();

/** Milliseconds after which a thread leaves the code cache whose first work still goes on, as that of a server does. */
const LEAVE_AFTER = 1_000;
let timer: NodeJS.Timeout | undefined;
let left = codeCache !== undefined;

/** It takes a millisecond or two, so is not done while somebody waits for a result. */
function leaveCodeCache(): void {
  clearTimeout(timer);
  if (left) return;
  left = true;
  parentPort?.postMessage({ interpretersCodeCache: script.createCachedData() } satisfies CodeCache);
}

startInterpreter((url) => import(url) as Promise<object>, leaveCodeCache);

if (!left) {
  // A spare one has rehearsed its first work, and is about to block.
  if ("slot" in data) timer = setTimeout(leaveCodeCache, LEAVE_AFTER);
  else leaveCodeCache();
}
