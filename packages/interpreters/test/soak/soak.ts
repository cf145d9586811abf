/** A soak: rounds of killing, in several lanes beside each other, for as long as asked. */
import { kills } from "../faults/harness.js";
import { backTo, baseline, Chance, sharedMemory } from "../support/queues.js";
import { makeLedgers } from "./ledger.js";
import { closeLane, type Lane, noTally, openLane, round, type Tally } from "./round.js";

export interface SoakOptions {
  /** Ends after so many deaths, or so many milliseconds, or when the signal is aborted, whichever comes first. */
  readonly kills: number;
  readonly duration: number;
  readonly signal?: AbortSignal;
  /** Of the first round; the next has the next. */
  readonly seed: number;
  /** How many rounds go on beside each other. */
  readonly lanes: number;
  /** Told after each round. */
  onRound?(progress: Progress): void;
}

export interface Progress {
  readonly rounds: number;
  readonly deaths: number;
  readonly kills: Readonly<typeof kills>;
  readonly items: Readonly<Tally>;
  /** Milliseconds. */
  readonly elapsed: number;
  /** Bytes: resident, at the beginning and now; and of the shared memory. */
  readonly rss: readonly [first: number, now: number];
  readonly shared: ReturnType<typeof sharedMemory>;
}

/**
 * Runs until it is over, or throws at the first round that found something wrong, naming its seed. In the end all that
 * was used is free again. Once in a process, and before anything else starts an interpreter.
 */
export async function soak(options: SoakOptions): Promise<Progress> {
  const ledgers = makeLedgers(options.lanes);
  const open = (): Lane[] => ledgers.map((ledger, index) => openLane(index, ledger));
  // What is made only once is there before it is counted.
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
