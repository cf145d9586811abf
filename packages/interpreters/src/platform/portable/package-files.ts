/** The package's files in the portable build, where they are texts (texts.ts). */
import { pathToFileURL, URL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { asString, type DataWithTexts, type Files, type OwnTexts } from "./texts.js";

// Each text is evaluated with the `require` of texts.ts.
declare const require: (id: string) => unknown;

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
  const module = `const module = { exports: {} };
${asString(texts.files[name])}(module.exports, (id) => process.getBuiltinModule(id), module, "", "");
export const { initialize, resolve, load } = module.exports;`;
  return `data:text/javascript,${encodeURIComponent(module)}`;
}

export function startThreadOf(name: string, options: WorkerOptions): Worker {
  const data: DataWithTexts = { ...(options.workerData as object), interpretersTexts: textsForThreads() };
  return new Worker(threadText(name), { ...options, eval: true, workerData: data });
}

export const startThreadOfText = startThreadOf;

export function missingFile(): undefined {
  return undefined;
}

/** An expression that loads this package in another thread's global scope. */
export function loadingScript(): string {
  const entries = Object.entries(texts.files).map(([name, text]) => [name, asString(text)]);
  return `${asString(texts.files["loader.cjs"])}.load(${JSON.stringify(Object.fromEntries(entries))})`;
}

const threadTexts = new Map<string, string>();

function threadText(name: string): string {
  let text = threadTexts.get(name);
  if (text === undefined) {
    const { join } = process.getBuiltinModule("node:path");
    const [loader, entry] = ["loader.cjs", name].map((each) => asString(texts.files[each]));
    text = `${loader}.start(${entry},${JSON.stringify(name)})\n//# sourceURL=${join(texts.folder, name)}`;
    threadTexts.set(name, text);
  }
  return text;
}

let forThreads: OwnTexts | undefined;

function textsForThreads(): OwnTexts {
  return (forThreads ??= { ...texts, files: shared(texts) });
}

/** The texts that threads may need, where all threads can read them. They get the bundle in another way (wire/boot.ts), if there is one. */
function shared({ files, foreign }: OwnTexts): Files {
  const entries = Object.entries(files)
    .filter(([name]) => foreign || name !== "interpreters.cjs")
    .map(([name, text]) => {
      if (typeof text !== "string") return [name, text] as const;
      const bytes = new Uint8Array(new SharedArrayBuffer(text.length));
      Buffer.from(bytes.buffer).write(text, "latin1");
      return [name, bytes] as const;
    });
  return Object.fromEntries(entries);
}
