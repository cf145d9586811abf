/** The options of workers. They are checked when a worker is made, as workerpool does, not when the pool is. */

export const FORK_OPTIONS: readonly string[] = [
  "cwd",
  "detached",
  "env",
  "execPath",
  "execArgv",
  "gid",
  "serialization",
  "signal",
  "killSignal",
  "silent",
  "stdio",
  "uid",
  "windowsVerbatimArguments",
  "timeout",
];

export const WORKER_THREAD_OPTIONS: readonly string[] = [
  "argv",
  "env",
  "eval",
  "execArgv",
  "stdin",
  "stdout",
  "stderr",
  "workerData",
  "trackUnmanagedFds",
  "transferList",
  "resourceLimits",
  "name",
];

/** @throws Error an option is unknown, or `Object.prototype` was given one */
export function validateOptions(options: object | undefined, known: readonly string[], what: string): void {
  if (options === undefined) return;
  const names = Object.keys(options);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`Object "${what}" contains an unknown option "${unknown}"`);
  const inherited = known.find((name) => name in Object.prototype && !names.includes(name));
  if (inherited !== undefined) {
    throw new Error(
      `Object "${what}" contains an inherited option "${inherited}" which is not defined in the object itself but in its prototype. ` +
        "Remove it from the prototype, or set it to undefined in the object.",
    );
  }
}
