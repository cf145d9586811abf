/** Whether the files are there that threads start with. Tools that copy what a program uses may leave them behind. */
import { requireDependency } from "../platform/modules.js";
import { missingFile } from "../platform/package-files.js";
import { InterpreterError } from "./errors.js";

/** @throws InterpreterError (`ERR_INTERPRETER_FILES`) they are not */
export function checkOwnFiles(): void {
  const file = missingFile();
  if (file === undefined) return;
  throw new InterpreterError(
    `Cannot start interpreters: ${file} does not exist. A tool has copied only a part of \`interpreters\`: have it copy the whole ` +
      "package (Next.js: `serverExternalPackages`, `outputFileTracingIncludes`), or bundle it.",
    { code: "ERR_INTERPRETER_FILES" },
  );
}

/** Loads one of this package's dependencies. Where that fails because of such a tool, it throws as `checkOwnFiles` does. */
export function loadDependency(name: string): unknown {
  try {
    return requireDependency(name);
  } catch (error) {
    checkOwnFiles();
    throw error;
  }
}
