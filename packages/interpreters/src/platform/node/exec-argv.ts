/** Flags that choose what the process runs, as opposed to how. Some are followed by a value in an argument of its own. */
const WHAT_TO_RUN =
  /^(-e|--eval|-p|--print|-pe|-c|--check|-i|--interactive|--input-type|--test|--watch|--run)\b/;
const TAKES_A_VALUE = new Set(["-e", "--eval", "-p", "--print", "-pe", "--run", "--watch-path"]);

/** This process's flags, without those that choose what it runs. */
export function inheritedExecArgv(): string[] {
  const kept: string[] = [];
  for (let i = 0; i < process.execArgv.length; i++) {
    const flag = process.execArgv[i];
    if (!WHAT_TO_RUN.test(flag)) kept.push(flag);
    else if (TAKES_A_VALUE.has(flag)) i++;
  }
  return kept;
}

/**
 * Calls `start`, which starts a thread, so that the thread does not get the flags in NODE_OPTIONS: Node reads them from the environment
 * that the thread will have, and a thread with the environment of the process (SHARE_ENV) would run the preloads that they name.
 */
export function withoutNodeOptions<T>(start: () => T): T {
  const { NODE_OPTIONS: flags } = process.env;
  if (flags === undefined) return start();
  delete process.env["NODE_OPTIONS"];
  try {
    return start();
  } finally {
    process.env["NODE_OPTIONS"] = flags;
  }
}

/**
 * Removes the flags that Node refused for a thread, if they are all `inherited`: then they are in effect already. Its error names them in its
 * message only: "Initiated Worker with invalid execArgv flags: --title=x, --expose-gc". Returns undefined if `error` is another one.
 */
export function withoutRefused(
  execArgv: readonly string[],
  inherited: readonly string[],
  error: unknown,
): string[] | undefined {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== "ERR_WORKER_INVALID_EXEC_ARGV")
    return undefined;
  const refused = error.message.slice(error.message.indexOf(": ") + 2).split(", ");
  if (!refused.every((flag) => inherited.includes(flag))) return undefined;
  const kept = execArgv.filter((flag) => !refused.includes(flag));
  return kept.length < execArgv.length ? kept : undefined;
}

/** Whether this thread was started with modules to load first, which may be loaders. */
export function runsPreloads(): boolean {
  const flags = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  return /(?:^|\s)(?:-r|--require|--import|--(?:experimental-)?loader)\b/.test(flags);
}
