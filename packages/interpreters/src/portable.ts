/**
 * The loader of the portable build: what bundlers take into a program in place of `entry.mts` (scripts/portable.mjs). It is part of that file,
 * and one of the texts in it, because threads start with it.
 */
import copies from "./base/copies.cjs";
import type { Api } from "./api.js";
import type * as Bundle from "./bundle.js";
import { type DataWithLine, holdLine } from "./platform/portable/death-line.js";
import {
  type DataWithTexts,
  type Evaluate,
  evaluateFile,
  fileOf,
  makeRequire,
  type OwnTexts,
} from "./platform/portable/texts.js";

const here = globalThis as { [copies.API]?: Api };
const apiOfThread = (): Api | undefined => here[copies.API];

/** Loads this package into this thread, unless the thread has it already. */
export function load(files: Readonly<Record<string, string>>): Api {
  return apiOfThread() ?? loadFiles(files);
}

function loadFiles(files: Readonly<Record<string, string>>): Api {
  // Pages and edge runtimes have no `process`, or none with this.
  if (typeof globalThis.process?.getBuiltinModule !== "function") throw unsupported();
  const { getBuiltinModule } = process;
  const { Script } = getBuiltinModule("node:vm");
  const { join, resolve } = getBuiltinModule("node:path");
  const folder = resolve("/~interpreters");
  // In a context that a test runner has made (Jest), a script would run outside of it.
  const foreign = Object.getPrototypeOf(tryScript(Script)) !== Function.prototype;
  const texts: OwnTexts = { folder, files, foreign };
  const require = makeRequire(texts, apiOfThread);
  const loadFile = <T>(name: string): Bundle.Loaded<T> => {
    const text = files[name];
    const script = foreign ? undefined : new Script(text, { filename: join(folder, name) });
    // oxlint-disable-next-line no-eval -- the text is this package's own
    const evaluate = (script?.runInThisContext() ?? globalThis.eval(text)) as Evaluate;
    const exports = evaluateFile(evaluate, name, texts, require) as T;
    return { exports, own: script && { text, script, importer } };
  };
  const { exports, own } = loadFile<typeof Bundle>("interpreters.cjs");
  exports.share(() => loadFile<Bundle.ApiFile>("api.cjs"), own);
  return here[copies.API]!;
}

/** Edge runtimes (workerd) have Node's modules, with functions that throw. */
function tryScript(Script: new (code: string) => { runInThisContext(): unknown }): object {
  try {
    return new Script("(function(){})").runInThisContext() as object;
  } catch (error) {
    throw unsupported(error);
  }
}

let importing: ((url: string) => Promise<object>) | undefined;

/** Bundlers rewrite an `import()` that they see. */
function importer(url: string): Promise<object> {
  // oxlint-disable-next-line typescript/no-implied-eval -- the loader has no other `import()`
  importing ??= new Function("url", "return import(url)") as (url: string) => Promise<object>;
  return importing(url);
}

function unsupported(cause?: unknown): Error {
  const error = new Error(
    "Cannot load interpreters: this build of it runs on Node 20.19 or later, Bun and Deno. Pages have a build of their own: have the bundler " +
      "resolve the export condition `browser`. Edge runtimes cannot start threads: keep it out of the code for those.",
    cause === undefined ? undefined : { cause },
  );
  return Object.assign(error, { code: "ERR_INTERPRETER_FILES" });
}

/** The names that Node gives to a thread that starts with a text. Other threads do not have them. */
const LEFT_BY_NODE = ["require", "module", "exports", "__filename", "__dirname"];

/** Runs the file that a thread of this package starts with. */
export function start(evaluate: Evaluate, name: string): void {
  const { workerData } = process.getBuiltinModule("node:worker_threads");
  const { interpretersTexts } = workerData as DataWithTexts;
  if ("interpretersLine" in workerData) holdLine(workerData as DataWithLine);
  // Node puts nothing before the arguments of a thread that starts with a `data:` URL.
  const text = /^(?:\[worker eval\]$|data:text\/javascript,\(\()/.test(process.argv[1]);
  process.argv.splice(1, text ? 1 : 0, fileOf(name, interpretersTexts));
  for (const each of LEFT_BY_NODE) Reflect.deleteProperty(globalThis, each);
  evaluateFile(evaluate, name, interpretersTexts, makeRequire(interpretersTexts, apiOfThread));
}
