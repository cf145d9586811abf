/** Compares the time and the output of the same work, done alternately by one interpreter and by several. */

/**
 * Runs of each kind. The fastest one counts: every disturbance (V8 compiles new code, other programs use the machine)
 * only adds time.
 */
export const ROUNDS = 3;

export interface Run {
  readonly seconds: number;
  /** The average number of cores that all threads of the process kept busy, if known. */
  readonly coresUsed?: number;
  /** A digest of all outputs of the run. */
  readonly digest: string;
}

export interface Comparison<R extends Run> {
  /** The fastest run of each kind. */
  readonly one: R;
  readonly many: R;
  /** Whether all runs, not just the fastest ones, made the same output. */
  readonly same: boolean;
}

/** Does the work of a run, and returns how long it took and how many cores it kept busy. */
export async function measure(
  work: () => Promise<void>,
): Promise<Pick<Required<Run>, "seconds" | "coresUsed">> {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await work();
  const milliseconds = performance.now() - start;
  const cpu = process.cpuUsage(cpuBefore);
  return { seconds: milliseconds / 1000, coresUsed: (cpu.user + cpu.system) / 1000 / milliseconds };
}

/** Runs both kinds `ROUNDS` times, alternately, and prints the fastest time of each and the speed-up. */
export async function compare<R extends Run>(
  workers: number,
  runOne: () => Promise<R>,
  runMany: () => Promise<R>,
): Promise<Comparison<R>> {
  const ones: R[] = [];
  const manys: R[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ones.push(await runOne());
    manys.push(await runMany());
  }
  const [one, many] = [fastest(ones), fastest(manys)];
  console.log(`  1 interpreter:  ${timeOf(one)}`);
  console.log(`  ${workers} interpreters: ${timeOf(many)}`);
  console.log(`  speed-up:       ${(one.seconds / many.seconds).toFixed(2)}`);
  return { one, many, same: [...ones, ...manys].every(({ digest }) => digest === one.digest) };
}

function fastest<R extends Run>(runs: readonly R[]): R {
  return runs.reduce((best, run) => (run.seconds < best.seconds ? run : best));
}

function timeOf({ seconds, coresUsed }: Run): string {
  const busy = coresUsed === undefined ? "" : ` (${coresUsed.toFixed(2)} cores busy)`;
  return `${seconds.toFixed(2)} s${busy}`;
}
