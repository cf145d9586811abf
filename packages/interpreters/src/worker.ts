/**
 * The entry of an interpreter's thread. It is bundled by itself (scripts/bundle.mjs), and loads the rest.
 *
 * V8 would read and compile all of the bundle anew in each thread, which takes as long as all else that a thread of ours
 * does before it is ready. So the first interpreter of a process leaves the supervisor a code cache, with what it had to
 * compile until then, and later ones start with that. V8 refuses one that does not fit (other flags), and compiles.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import type * as Bundle from "./bundle.js";
import { packageFile } from "./files.js";
import type { CodeCache, WorkerData } from "./interpreter/worker.js";

const { codeCache } = workerData as WorkerData;
const file = fileURLToPath(packageFile("interpreters.cjs"));
const script = new vm.Script(
  `(function (exports, require, module, __filename) {${readFileSync(file, "utf8")}\n})`,
  { filename: file, ...(codeCache && { cachedData: codeCache }) },
);

const module = { exports: {} };
// What Node's own loader makes of a CommonJS module, and calls.
const evaluate = script.runInThisContext() as (
  exports: object,
  require: NodeJS.Require,
  module: object,
  filename: string,
) => void;
evaluate(module.exports, createRequire(file), module, file);

const { share, startInterpreter } = module.exports as typeof Bundle;
// Before any code of the user's, which may bring a copy of its own.
share();
startInterpreter();

if (codeCache === undefined) {
  // Its first work was there before it, as a rule, so is done by then and has had compiled what such work needs.
  setTimeout(
    () => parentPort?.postMessage({ interpretersCodeCache: script.createCachedData() } satisfies CodeCache),
    0,
  );
}
