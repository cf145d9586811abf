/** The package's files in the portable build, where they are texts (texts.ts). */
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL, URL } from "node:url";
import { SHARE_ENV, Worker, type WorkerOptions } from "node:worker_threads";
import type { Bundled } from "../node/package-files.js";
import { startWithLine } from "./death-line.js";
import { asString, type DataWithTexts, fileOf, type Files, type OwnTexts } from "./texts.js";
import { onBun, onDeno } from "./runtime.js";

// Each text is evaluated with the `require` of texts.ts.
declare const require: (id: string) => unknown;

export const bundled: Bundled | undefined = {
  missing:
    "; a bundler makes no file of a module that only fromModule() names: make the module an entry of its own, and name the file that " +
    "comes of it",
  own: (specifier) =>
    specifier === "interpreters" ? (require("interpreters") as Record<string, unknown>) : undefined,
};

const texts = require("interpreters:texts") as OwnTexts;

/** URLs that stacks show. No file has one. */
export function packageFile(path: string): URL {
  return new URL(path, `${pathToFileURL(texts.folder).href}/`);
}

export function packageBytes(name: string): Uint8Array {
  const text = texts.files[name];
  return typeof text === "string" ? Buffer.from(text, "latin1") : text;
}

export function packageModule(name: string): string {
  // It loads no other file.
  const alone = JSON.stringify({ folder: texts.folder, files: {} });
  const require = `(id) => id === "interpreters:texts" ? ${alone} : process.getBuiltinModule(id)`;
  return moduleOf(
    `const module = { exports: {} };
${asString(texts.files[name])}(module.exports, ${require}, module, "", "");
export const { initialize, resolve, load } = module.exports;`,
    name,
  );
}

const moduleOf = (text: string, name: string): string =>
  `data:text/javascript,${encodeURIComponent(named(text, name))}`;

/** As stacks show it. */
const named = (text: string, name: string): string => `${text}\n//# sourceURL=${fileOf(name, texts)}`;

export function startThreadOf(name: string, options: WorkerOptions): Worker {
  const preload = onBun ? preloads(options.execArgv ?? []) : [];
  if (onDeno) refusePreloads(options.execArgv ?? []);
  const data: DataWithTexts = { ...(options.workerData as object), interpretersTexts: textsForThreads() };
  const asModule = !onBun && hasImports(options);
  const text = threadText(name, asModule);
  // Without a prototype, which may have members that would be options.
  const all = Object.assign(Object.create(null), options, { eval: !asModule, workerData: data });
  if (preload.length > 0) all.preload = preload;
  const start = (each: WorkerOptions): Worker => new Worker(asModule ? new URL(text) : text, each);
  return onDeno && name === "worker.cjs" ? startWithLine(all, start) : start(all);
}

export const startThreadOfText = startThreadOf;

/** The modules that a thread must load first. Bun ignores Node's options for that, and has its own option, for files and packages. */
function preloads(execArgv: readonly string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const [, option, value] = /^(--import|--require|-r)(?:=(.*))?$/.exec(execArgv[i]) ?? [];
    if (option === undefined) continue;
    const specifier = value ?? execArgv[++i] ?? "";
    if (specifier.startsWith("data:")) {
      throw new Error(
        `Bun cannot load ${option} ${specifier.slice(0, 40)}… into a thread: write it to a file`,
      );
    }
    found.push(fileOfPreload(option, specifier));
  }
  return found;
}

/** Deno passes over `--require` where a thread starts, and gives no reason for refusing `--import`. Those of the process are for its main thread. */
function refusePreloads(execArgv: readonly string[]): void {
  const found = execArgv.find((each) => /^(?:--import|--require|-r)(?:=|$)/.test(each));
  if (found === undefined || process.execArgv.includes(found)) return;
  throw new Error(
    `Deno loads no module into a thread before all others (execArgv: ${found}): import it in the functions that need it, or run the program on Node`,
  );
}

/** Throws Node's error if there is no such file: Bun's has no message. */
function fileOfPreload(option: string, specifier: string): string {
  if (!/^(?:\.{0,2}[\\/]|[A-Za-z]:[\\/]|file:)/.test(specifier)) {
    return process.getBuiltinModule("node:module").createRequire(`${process.cwd()}/`).resolve(specifier);
  }
  const file = specifier.startsWith("file:") ? fileURLToPath(specifier) : path.resolve(specifier);
  if (existsSync(file)) return file;
  throw Object.assign(new Error(`Cannot find module '${file}', which ${option} names`), {
    code: "ERR_MODULE_NOT_FOUND",
  });
}

/** Whether the thread has modules to load first. Node (versions 20 to 26) passes over them where a thread starts with a script. */
function hasImports({ execArgv = process.execArgv, env }: WorkerOptions): boolean {
  const { NODE_OPTIONS = "" } = env === undefined || env === SHARE_ENV ? process.env : env;
  return /(?:^|\s)--(?:import|(?:experimental-)?loader)\b/.test(`${execArgv.join(" ")} ${NODE_OPTIONS}`);
}

export function missingFile(): undefined {
  return undefined;
}

/** An expression that loads this package in another thread's global scope. */
export function loadingScript(): string {
  const entries = Object.entries(texts.files).map(([name, text]) => [name, asString(text)]);
  return `${asString(texts.files["loader.cjs"])}.load(${JSON.stringify(Object.fromEntries(entries))})`;
}

const threadTexts = new Map<string, string>();

function threadText(name: string, asModule: boolean): string {
  const key = `${name} ${asModule}`;
  let text = threadTexts.get(key);
  if (text === undefined) {
    const [loader, entry] = ["loader.cjs", name].map((each) => asString(texts.files[each]));
    const script = `${loader}.start(${entry},${JSON.stringify(name)})`;
    text = asModule ? moduleOf(script, name) : named(script, name);
    threadTexts.set(key, text);
  }
  return text;
}

let forThreads: OwnTexts | undefined;

function textsForThreads(): OwnTexts {
  return (forThreads ??= { ...texts, files: shared(texts) });
}

/** The texts that threads may need, where all threads can read them. They get these two in another way (wire/boot.ts), if main compiled them. */
const GIVEN = ["interpreters.cjs", "api.cjs"];

function shared({ files, foreign }: OwnTexts): Files {
  const entries = Object.entries(files)
    .filter(([name]) => foreign || !GIVEN.includes(name))
    .map(([name, text]) => {
      if (typeof text !== "string") return [name, text] as const;
      const bytes = new Uint8Array(new SharedArrayBuffer(text.length));
      Buffer.from(bytes.buffer).write(text, "latin1");
      return [name, bytes] as const;
    });
  return Object.fromEntries(entries);
}
