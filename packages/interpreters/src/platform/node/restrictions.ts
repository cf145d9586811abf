import workerThreads from "node:worker_threads";
import { nodeModule, requireDependency } from "./modules.js";

/** Makes `process.execve`, which replaces the whole process by another program, call `refuse`, which throws. Node 20 does not have it. */
export function forbidExec(refuse: () => never): void {
  if ("execve" in process) Object.assign(process, { execve: () => refuse() });
}

/**
 * Makes every attempt to start a child process call `refuse`, which throws.
 *
 * All ways to start one (`child_process` imported, required or gotten, `cluster`, `execa`) go through two internal bindings of
 * Node. Replacing these costs next to nothing, whereas loading `child_process` to replace its functions costs every
 * interpreter a millisecond; that is the fallback where the bindings are out of reach.
 */
export function forbidSpawn(refuse: () => never): void {
  try {
    // Called with `new`, which an arrow function does not allow.
    binding("process_wrap")["Process"] = function Process() {
      refuse();
    };
    binding("spawn_sync")["spawn"] = () => refuse();
  } catch {
    forbidByModule(refuse);
  }
}

/** Deprecated without a replacement. With a flag Node warns of it, to users who cannot do anything about it. */
function binding(name: string): Record<string, unknown> {
  const emitWarning: unknown = Reflect.get(process, "emitWarning");
  process.emitWarning = () => {};
  try {
    return (process as unknown as { binding(name: string): Record<string, unknown> }).binding(name);
  } finally {
    Reflect.set(process, "emitWarning", emitWarning);
  }
}

function forbidByModule(refuse: () => never): void {
  const childProcess = requireDependency("node:child_process") as Record<string, unknown> & {
    ChildProcess: { prototype: object };
  };
  Object.assign(childProcess.ChildProcess.prototype, { spawn: () => refuse() });
  for (const name of ["spawnSync", "execSync", "execFileSync"]) childProcess[name] = () => refuse();
  nodeModule().syncBuiltinESMExports();
}

/** Makes every `new Worker` call `refuse`, which throws. */
export function forbidThreads(refuse: () => never): void {
  // `instanceof` still works. `new` meets the trap, also in a subclass.
  const Worker = new Proxy(workerThreads.Worker, { construct: () => refuse() });
  Object.assign(workerThreads, { Worker });
  nodeModule().syncBuiltinESMExports();
}
