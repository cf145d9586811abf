/**
 * The caller's side of Python (interpreters: guests/README.md). A script travels as its text, a function by its name: `"module:function"`, or a
 * name of `__main__` or of a builtin.
 */
import { type Language, NotShareableError } from "interpreters";
import type { PythonAssets } from "./boot.js";
import type { PythonSettings } from "./settings.js";

/** The codec tag of values that only Python understands. */
export const PYTHON_TAG = 2;

/** A script for the executing side. */
export interface Script {
  readonly text: string;
  readonly filename: string | undefined;
}

/** A function for the executing side. */
export interface NamedFunction {
  readonly name: string;
}

/** The same name must give the same object, so that it is sent once. */
const functions = new Map<string, NamedFunction>();

function describeFunction(fn: unknown): NamedFunction {
  if (typeof fn !== "string") {
    throw new NotShareableError(
      'Cannot call a JavaScript function in a Python interpreter: name a Python function, as in call("math:hypot", 3, 4)',
    );
  }
  let described = functions.get(fn);
  if (described === undefined) functions.set(fn, (described = { name: fn }));
  return described;
}

/** The executing side gets this as `data`: JSON can carry it. */
export interface LanguageData {
  readonly settings: PythonSettings;
  /** Names the assets in the process. */
  readonly key: string;
}

/** Python, with the settings and the assets that its interpreters boot with. `key` names the assets in the process. */
export function pythonLanguage(settings: PythonSettings, assets: PythonAssets, key: string): Language {
  return {
    name: "Python",
    tag: PYTHON_TAG,
    // guest.ts with all that it imports (scripts/bundle.mjs). Finding and linking that many files takes a good part of the start of a thread.
    module: new URL("./guest-bundle.js", import.meta.url).href,
    data: { settings, key } satisfies LanguageData,
    shared: { key, value: assets },
    describeFunction,
    describeScript: (text, filename): Script => ({ text, filename }),
  };
}
