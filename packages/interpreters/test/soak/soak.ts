/** A soak: rounds of killing, in several lanes side by side, for as long as asked. */
import { kills } from "../faults/harness.js";
import { backTo, baseline, Chance, sharedMemory } from "../support/queues.js";
import { makeLedgers } from "./ledger.js";
import { closeLane, type Lane, noTally, openLane, round, type Tally } from "./round.js";

export interface SoakOptions {
  /** The soak ends after this many deaths, after this many milliseconds, or on the signal, whichever comes first. */
  readonly kills: number;
  readonly duration: number;
  readonly signal?: AbortSignal;
  /** The seed of the first round; each later round has the next number. */
  readonly seed: number;
  /** How many rounds run side by side. */
  readonly lanes: number;
  /** Called after each round. */
  onRound?(progress: Progress): void;
}

export interface Progress {
  readonly rounds: number;
  readonly deaths: number;
  readonly kills: Readonly<typeof kills>;
  readonly items: Readonly<Tally>;
  /** Milliseconds. */
  readonly elapsed: number;
  /** Bytes of resident memory at the beginning and now; then bytes of the shared memory. */
  readonly rss: readonly [first: number, now: number];
  readonly shared: ReturnType<typeof sharedMemory>;
}

/**
 * Runs the soak to its end. Throws after the first round that finds a violation, and names its seed; throws at the end if
 * shared memory is still in use. Call it once in a process, before any interpreter starts.
 */
export async function soak(options: SoakOptions): Promise<Progress> {
  const ledgers = makeLedgers(options.lanes);
  const open = (): Lane[] => ledgers.map((own) => openLane(own));
  // One round first: whatever is made only once must exist before the baseline.
  const warm = open();
  await runRound(0, warm[0]);
  await Promise.all(warm.map(closeLane));
  for (const kind of Object.keys(kills) as (keyof typeof kills)[]) kills[kind] = 0;
  const before = await baseline();

  const items = noTally();
  const start = performance.now();
  const firstRss = process.memoryUsage.rss();
  let rounds = 0;
  let failed = false;
  const progress = (): Progress => ({
    rounds,
    deaths: Object.values(kills).reduce((sum, each) => sum + each, 0),
    kills,
    items,
    elapsed: performance.now() - start,
    rss: [firstRss, process.memoryUsage.rss()],
    shared: sharedMemory(),
  });
  const over = (): boolean =>
    failed ||
    options.signal?.aborted === true ||
    progress().deaths >= options.kills ||
    progress().elapsed >= options.duration;
  let next = options.seed;
  const lanes = open();
  const work = lanes.map(async (lane) => {
    while (!over()) {
      const tally = await runRound(next++, lane);
      for (const key of Object.keys(items) as (keyof Tally)[]) items[key] += tally[key];
      rounds++;
      options.onRound?.(progress());
    }
  });
  try {
    await Promise.all(work);
  } finally {
    failed = true;
  }
  await Promise.all(lanes.map(closeLane));
  const end = progress();
  await backTo(before);
  return { ...end, shared: sharedMemory() };
}

async function runRound(seed: number, lane: Lane): Promise<Tally> {
  try {
    return await round(new Chance(seed), lane);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}
