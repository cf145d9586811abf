/** In a worker: finds the function that a task names, in a file that is loaded once. */
import { pathToFileURL } from "node:url";

export type Handler = (task: unknown) => unknown;

/** Programs match it. The adapters' words differ. */
export const texts = {
  noHandler: (filename: string, name: string): string =>
    `No handler function "${name}" exported from "${filename}"`,
};

const handlers = new Map<string, Handler>();
const loading = new Map<string, Promise<Handler>>();

const keyOf = (filename: string, name: string): string => `${filename}/${name}`;

/** The function, if it was loaded before. */
export const knownHandler = (filename: string, name: string): Handler | undefined =>
  handlers.get(keyOf(filename, name));

/** @throws whatever the file throws while it is loaded; Error it has no such function. As a rejection. */
export function loadHandler(filename: string, name: string): Promise<Handler> {
  const key = keyOf(filename, name);
  let promise = loading.get(key);
  if (promise === undefined) {
    promise = load(filename, name);
    loading.set(key, promise);
    promise.then(
      (handler) => handlers.set(key, handler),
      // The next task tries again.
      () => loading.delete(key),
    );
  }
  return promise;
}

async function load(filename: string, name: string): Promise<Handler> {
  let handler: unknown;
  try {
    handler = await exportOf(require(filename), name);
  } catch (error) {
    if (!isForImport(error)) throw error;
  }
  if (typeof handler !== "function") {
    handler = await exportOf(await import(pathToFileURL(filename).href), name);
  }
  if (typeof handler !== "function") {
    throw new Error(texts.noHandler(filename, name));
  }
  return handler as Handler;
}

/** The export of that name. The default export of a CommonJS module is all that it exports. */
function exportOf(exported: unknown, name: string): unknown {
  if ((typeof exported !== "object" && typeof exported !== "function") || exported === null) return exported;
  if (name === "default" && !("default" in exported)) return exported;
  return (exported as Record<string, unknown>)[name];
}

const FOR_IMPORT: ReadonlySet<unknown> = new Set([
  "ERR_REQUIRE_ESM",
  "ERR_REQUIRE_ASYNC_MODULE",
  "ERR_UNKNOWN_FILE_EXTENSION",
  // The hooks of a loader may find it.
  "MODULE_NOT_FOUND",
]);

/** Whether `import` may load what `require` refuses. An error that the module itself threw is not one of those: it would run twice. */
function isForImport(error: unknown): boolean {
  return (
    error instanceof Error &&
    (FOR_IMPORT.has((error as NodeJS.ErrnoException).code) ||
      (error instanceof SyntaxError && /import|export|await/.test(error.message)))
  );
}
