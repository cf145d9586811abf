/**
 * Target side: takes away what this interpreter's configuration does not allow.
 *
 * Other programs are started by way of two bindings of Node's, whoever asks (`child_process` imported, required or gotten,
 * `cluster`, `execa`): replacing these costs next to nothing, where loading `child_process` to replace its functions costs
 * every interpreter a millisecond. That is what is done where the bindings cannot be had.
 */
import workerThreads from "node:worker_threads";
import { configureAddons } from "../../addons/addons.js";
import { InterpreterError } from "../../errors.js";
import type { InterpreterConfig } from "../../interpreter/options.js";
import { nodeModule } from "../../node-module.js";

export function applyConfig(config: InterpreterConfig): void {
  const { allowExec, allowThreads } = config;
  if (!allowExec) forbidPrograms();
  if (!allowThreads) forbidThreads();
  configureAddons(config);
}

function refusal(what: string, option: string): InterpreterError {
  return new InterpreterError(
    `Cannot ${what} in this interpreter: its configuration does not allow it. Create it with config: { ${option}: true }` +
      `${option === "allowExec" ? ' or "legacy"' : ""}.`,
    { code: "ERR_INTERPRETER_NOT_ALLOWED" },
  );
}

const noProgram = (): never => {
  throw refusal("start another program", "allowExec");
};

function forbidPrograms(): void {
  // Not in Node 20.
  if ("execve" in process) Object.assign(process, { execve: noProgram });
  try {
    // Called with `new`, before anything else happens. (An arrow function could not be.)
    binding("process_wrap")["Process"] = function Process() {
      noProgram();
    };
    binding("spawn_sync")["spawn"] = noProgram;
  } catch {
    forbidByModule();
  }
}

/** Deprecated, without anything else in its place. A flag of Node's makes it say so, to users who cannot do anything about it. */
function binding(name: string): Record<string, unknown> {
  const emitWarning: unknown = Reflect.get(process, "emitWarning");
  process.emitWarning = () => {};
  try {
    return (process as unknown as { binding(name: string): Record<string, unknown> }).binding(name);
  } finally {
    Reflect.set(process, "emitWarning", emitWarning);
  }
}

function forbidByModule(): void {
  const childProcess = nodeModule().createRequire(import.meta.url)("node:child_process") as Record<
    string,
    unknown
  > & {
    ChildProcess: { prototype: object };
  };
  Object.assign(childProcess.ChildProcess.prototype, { spawn: noProgram });
  for (const name of ["spawnSync", "execSync", "execFileSync"]) childProcess[name] = noProgram;
  nodeModule().syncBuiltinESMExports();
}

function forbidThreads(): void {
  // `instanceof` still answers; the trap is what `new` meets, also by way of a subclass.
  const Worker = new Proxy(workerThreads.Worker, {
    construct() {
      throw refusal("start a thread", "allowThreads");
    },
  });
  Object.assign(workerThreads, { Worker });
  nodeModule().syncBuiltinESMExports();
}
