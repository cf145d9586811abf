/** The package's files: scripts beside the page's module, or texts within it where a bundler has taken only that. */
import type { Bundled } from "../node/package-files.js";
import { start } from "./start.js";
import { interpreterThread, startFromTexts, Worker, type WorkerOptions } from "./threads.js";

export const bundled: Bundled | undefined = {
  missing: "",
  own: (specifier) =>
    specifier === "interpreters"
      ? ((globalThis as Record<symbol, unknown>)[Symbol.for("interpreters.api.own")] as Record<
          string,
          unknown
        >)
      : undefined,
};

/** The form in which stacks show the package. */
export function packageFile(path: string): URL {
  return new URL(
    path,
    start.files.interpreter.startsWith("http")
      ? new URL(".", start.files.interpreter)
      : "interpreters://none/",
  );
}

export const packageBytes = (_name: string): Uint8Array => new Uint8Array();

export const packageModule = (name: string): string => name;

export const startThreadOf = (name: string, options: WorkerOptions): Worker =>
  name === "worker.cjs" ? interpreterThread(options) : new Worker("first", options);

/** After a file could not be loaded. */
export const startThreadOfText = (_name: string, options: WorkerOptions): Worker => startFromTexts(options);

export const missingFile = (): string | undefined => undefined;

export const loadingScript = (): string => "";
