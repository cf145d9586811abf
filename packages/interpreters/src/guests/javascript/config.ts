/** The executing side of `config`: takes away what this interpreter's configuration does not allow. */
import { InterpreterError } from "../../base/errors.js";
import { forbidPrograms, forbidThreads } from "../../platform/restrictions.js";
import type { InterpreterConfig } from "../../wire/boot.js";

export function applyConfig({ allowExec, allowThreads }: InterpreterConfig): void {
  if (!allowExec) forbidPrograms(() => refuse("start another program", "allowExec"));
  if (!allowThreads) forbidThreads(() => refuse("start a thread", "allowThreads"));
}

function refuse(what: string, option: string): never {
  throw new InterpreterError(
    `Cannot ${what} in this interpreter: its configuration does not allow it. Create it with config: { ${option}: true }` +
      `${option === "allowExec" ? ' or "legacy"' : ""}.`,
    { code: "ERR_INTERPRETER_NOT_ALLOWED" },
  );
}
