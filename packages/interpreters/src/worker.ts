/**
 * The entry of an interpreter's thread. It is bundled by itself (scripts/bundle.mjs), and loads the rest.
 *
 * V8 would read and compile all of the bundle anew in each thread, which takes as long as all else that a thread of ours
 * does before it is ready. So the first interpreter of a process leaves the supervisor a code cache, with what it had to
 * compile until then, and later ones start with that. V8 refuses one that does not fit (other flags), and compiles.
 */
import path from "node:path";
import vm from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import type * as Bundle from "./bundle.js";
import type { CodeCache, WorkerData } from "./interpreter/worker.js";

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
startInterpreter();

function leaveCodeCache(): void {
  parentPort?.postMessage({ interpretersCodeCache: script.createCachedData() } satisfies CodeCache);
}

if (codeCache === undefined) {
  // The first work was there before this thread, as a rule, so is done in a moment and has had compiled what such work needs. A spare
  // one has rehearsed it, and is about to block.
  if ("slot" in data) setTimeout(leaveCodeCache, 0);
  else leaveCodeCache();
}
