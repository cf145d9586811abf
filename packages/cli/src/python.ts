/** `interpreters python`: hands over to the package interpreters-python, which is looked up here and in the project of the working folder. */

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "./errors.js";

interface PythonCommand {
  runPythonCommand(args: readonly string[]): Promise<number>;
}

/**
 * Runs a Python program and returns its exit code.
 *
 * @param args those behind `python`, which are Python's
 * @param cwd the working folder
 * @throws UsageError the package is not installed
 */
export async function runPython(args: readonly string[], cwd: string): Promise<number> {
  const { runPythonCommand } = (await import(locate(cwd))) as PythonCommand;
  return runPythonCommand(args);
}

function locate(cwd: string): string {
  for (const from of [import.meta.url, pathToFileURL(join(cwd, "package.json"))]) {
    try {
      const require = createRequire(from);
      // The package is an ES module, which require.resolve() finds by its package.json only.
      return new URL(
        "dist/src/command.js",
        pathToFileURL(require.resolve("interpreters-python/package.json")),
      ).href;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new UsageError(
    "cannot run Python: the package interpreters-python is not installed. Add it with: npm install interpreters-python",
  );
}
