/** In the interpreter: loads the worker's file, and calls the function that it gave to `runAsWorker`. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { openRegistration } from "./registered";

/** How to load the worker's file. */
export interface Loading {
  readonly file: string;
  /** Whether to `require` it. */
  readonly commonJs: boolean;
  /** Whether the interpreter erases the file's types: no runner does. */
  readonly erased: boolean;
  /** To run before: statements if it is required, else the URL of a module. Empty for nothing. */
  readonly shims: string;
}

const registered = openRegistration();
let failure: { readonly error: unknown } | undefined;

const importModule = (url: string): Promise<unknown> => import(url);

/** Loads the worker's file. If that fails, each call does with the same error. `importErased` imports TypeScript. */
export async function startBy(
  { file, commonJs, erased, shims }: Loading,
  importErased: ((url: string) => Promise<unknown>) | undefined,
): Promise<void> {
  try {
    const require = createRequire(file);
    if (shims !== "") {
      // oxlint-disable-next-line typescript/no-implied-eval -- the program's own statements, for modules that it names
      if (commonJs) new Function("require", shims)(require);
      else await import(shims);
    }
    if (commonJs) require(file);
    else await ((erased && importErased) || importModule)(pathToFileURL(file).href);
    if (registered.fn === undefined) throw new Error(`The worker ${file} did not call runAsWorker`);
  } catch (error) {
    failure = { error };
  }
}

export function start(loading: Loading): Promise<void> {
  return startBy(loading, undefined);
}

export function run(...args: unknown[]): unknown {
  if (failure !== undefined) throw failure.error;
  const { fn } = registered;
  return fn?.(...args);
}
