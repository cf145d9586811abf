/** Python's main interpreter, in the thread that calls `createPython()`. */
import { loadAssets } from "./assets.js";
import { PLAIN } from "./settings.js";
import { startPython } from "./start.js";

/** Options of `createPython`. An unknown option is a TypeError. */
export interface PythonOptions {
  /**
   * The folder that keeps the memory of a booted Python: `true` for the one in the user's cache folder, or `false` for none: each
   * process then boots for two seconds. Default: true.
   */
  cache?: boolean | string | undefined;
}

/** Python's main interpreter. */
export interface Python {
  /** Runs a script in `__main__`, and returns when it has ended. */
  run(code: string): unknown;
}

export async function createPython({ cache = true }: PythonOptions = {}): Promise<Python> {
  const { assets } = await loadAssets(cache);
  const pyodide = await startPython(assets, PLAIN);
  return { run: (code) => pyodide.runPython(code) as unknown };
}
