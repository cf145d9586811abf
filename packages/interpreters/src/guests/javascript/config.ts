/**
 * Target side: removes what this interpreter's configuration does not allow.
 *
 * Every way to start another program (`child_process` by `import`, `require` or `getBuiltinModule`, `cluster`, `execa`)
 * goes through two Node bindings. Replacing these costs next to nothing, whereas loading `child_process` to replace its
 * functions costs every interpreter a millisecond. The latter is the fallback where the bindings are not available.
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
  // Node 20 does not have it.
  if ("execve" in process) Object.assign(process, { execve: noProgram });
  try {
    // Node calls it with `new`, before it does anything else. (It could not do so with an arrow function.)
    binding("process_wrap")["Process"] = function Process() {
      noProgram();
    };
    binding("spawn_sync")["spawn"] = noProgram;
  } catch {
    forbidByModule();
  }
}

/** `process.binding` is deprecated without a replacement. A Node flag makes it warn, which users cannot act on. */
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
  // `instanceof` still works. The trap catches `new`, also of a subclass.
  const Worker = new Proxy(workerThreads.Worker, {
    construct() {
      throw refusal("start a thread", "allowThreads");
    },
  });
  Object.assign(workerThreads, { Worker });
  nodeModule().syncBuiltinESMExports();
}
