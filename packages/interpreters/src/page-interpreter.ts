/** The entry of an interpreter's thread: the part of the package that every interpreter needs. The rest comes when it is used (share). */
import copies from "./base/copies.cjs";
import { share, startInterpreter, type ApiFile } from "./bundle.js";
import { endThread } from "./worker/fatal.js";
import { start } from "./platform/browser/start.js";
import { holdLock, whenGiven } from "./platform/browser/threads.js";

declare const importScripts: (url: string) => void;

const FILE = Symbol.for("interpreters.api.file");
const here = globalThis as { [FILE]?: ApiFile };

share(() => {
  importScripts(start.files.api);
  const exports = here[FILE]!;
  Reflect.deleteProperty(here, FILE);
  return { exports };
});
Object.defineProperty(globalThis, Symbol.for("interpreters.api.own"), {
  get: () => (globalThis as Record<symbol, unknown>)[copies.API],
});

// An exception that no code catches ends an interpreter, as it does on other runtimes.
const target = globalThis as unknown as EventTarget;
target.addEventListener("error", (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  endThread((event as unknown as { error: unknown }).error);
});
target.addEventListener("unhandledrejection", (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  endThread((event as unknown as { reason: unknown }).reason);
});

holdLock(() => whenGiven(() => startInterpreter((url) => import(url) as Promise<object>)));
