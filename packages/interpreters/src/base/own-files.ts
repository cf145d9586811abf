/** Whether the files are there that threads start with. A bundler that takes the package apart leaves them behind. */
import { requireDependency } from "../platform/modules.js";
import { missingFile } from "../platform/package-files.js";
import { InterpreterError } from "./errors.js";

/** @throws InterpreterError (`ERR_INTERPRETER_FILES`) they are not */
export function checkOwnFiles(): void {
  const file = missingFile();
  if (file === undefined) return;
  throw new InterpreterError(
    `Cannot start interpreters: ${file} does not exist. A bundler has taken \`interpreters\` apart, whose threads need ` +
      "its own files: leave the package out of the bundle (in esbuild, rollup, rolldown and Vite: `external`; in webpack and rspack: " +
      "`externals`; in Next.js: `serverExternalPackages`).",
    { code: "ERR_INTERPRETER_FILES" },
  );
}

/** Loads one of this package's dependencies. Where that fails because of a bundler, it throws as `checkOwnFiles` does. */
export function loadDependency(name: string): unknown {
  try {
    return requireDependency(name);
  } catch (error) {
    checkOwnFiles();
    throw error;
  }
}
