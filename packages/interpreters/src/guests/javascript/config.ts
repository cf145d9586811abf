/** The executing side of `config`: takes away what this interpreter's configuration does not allow. */
import { InterpreterError } from "../../base/errors.js";
import { forbidExec, forbidSpawn, forbidThreads } from "../../platform/restrictions.js";
import type { InterpreterConfig } from "../../wire/boot.js";

export function applyConfig({ allowExec, allowSpawn, allowThreads }: InterpreterConfig): void {
  if (!allowExec) forbidExec(() => refuse("replace the process by another program", "allowExec"));
  if (!allowSpawn) forbidSpawn(() => refuse("start another program", "allowSpawn"));
  if (!allowThreads) forbidThreads(() => refuse("start a thread", "allowThreads"));
}

function refuse(what: string, option: string): never {
  throw new InterpreterError(
    `Cannot ${what} in this interpreter: its configuration does not allow it. Create it with config: { ${option}: true }` +
      `${option === "allowExec" ? ' or "legacy"' : ""}.`,
    { code: "ERR_INTERPRETER_NOT_ALLOWED" },
  );
}
