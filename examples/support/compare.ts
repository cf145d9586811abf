/** The same work with one interpreter and with several, in turn: which is faster, and do both make the same? */

/**
 * Runs of each kind. The fastest of each counts: whatever else happens (V8 compiles what it first runs, other programs
 * want the machine) only ever adds time.
 */
export const ROUNDS = 3;

export interface Run {
  readonly seconds: number;
  /** How many cores the process kept busy on average, whatever its threads were doing, where that is known. */
  readonly coresUsed?: number;
  /** Stands for everything the run made. */
  readonly digest: string;
}

export interface Comparison<R extends Run> {
  /** The fastest run of each kind. */
  readonly one: R;
  readonly many: R;
  /** Whether all runs, not just the fastest, made the same. */
  readonly same: boolean;
}

/** Does both kinds of work `ROUNDS` times each and prints how long the fastest took, and the speed-up. */
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
