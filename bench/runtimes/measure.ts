/**
 * Compares this package with other pools and with bare workers on the runtime that runs this file:
 *
 *     bun bench/dist/runtimes/measure.js [--rounds 7]
 *
 * Prints a line of JSON for each contender: its best round of all, in operations per second. All contenders of a case are started first and then take
 * turns. One that cannot be started, or fails, has the reason instead. `npm run bench:runtimes` runs it on Node, Bun and Deno.
 */
import { parseArgs } from "node:util";
import { pipelined } from "../harness.js";
import { barePool } from "../peers/bare-pool.js";
import { direct, executor } from "../peers/interpreters-pool.js";
import type { Pool, PoolMaker } from "../peers/pool.js";
import { poolifierTuned } from "../peers/poolifier.js";
import { tinypoolTuned } from "../peers/tinypool.js";
import { workerpoolThreads } from "../peers/workerpool.js";
import { within } from "../within.js";

interface Comparison {
  readonly title: string;
  readonly inFlight: number;
  readonly makers: readonly PoolMaker[];
}

const COMPARISONS: readonly Comparison[] = [
  {
    title: "empty tasks, 1000 in flight, 1 worker",
    inFlight: 1000,
    makers: [executor, tinypoolTuned, workerpoolThreads, poolifierTuned, barePool],
  },
  { title: "one empty call after the other", inFlight: 1, makers: [direct, barePool] },
];

export interface Row {
  readonly title: string;
  readonly name: string;
  /** Operations per second. */
  readonly best?: number;
  readonly problem?: string;
}

/** Milliseconds of a round, about. */
const ROUND = 200;
/** Milliseconds after which a contender that does not get on is left out. */
const LIMIT = 10_000;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });

interface Contender {
  readonly name: string;
  readonly pool: Pool;
  count: number;
  best: number;
}

async function round(contender: Contender, inFlight: number): Promise<number> {
  const { pool, count } = contender;
  const start = performance.now();
  await pipelined(count, inFlight, () => pool.run(0));
  return performance.now() - start;
}

/** Starts a contender and finds out how many operations fill a round. */
async function warmed(maker: PoolMaker, inFlight: number): Promise<Contender> {
  const contender = { name: maker.name, pool: await maker.make(1), count: inFlight, best: 0 };
  for (const end = performance.now() + 3 * ROUND; performance.now() < end;) {
    const took = await round(contender, inFlight);
    if (took < ROUND / 2) contender.count *= 2;
  }
  return contender;
}

async function compare({ title, inFlight, makers }: Comparison): Promise<void> {
  const print = (row: Omit<Row, "title">): void => console.log(JSON.stringify({ title, ...row }));
  const contenders: Contender[] = [];
  for (const maker of makers) {
    try {
      contenders.push(await within(warmed(maker, inFlight), LIMIT));
    } catch (error) {
      print({ name: maker.name, problem: String(error) });
    }
  }
  for (let n = 0; n < Number(values.rounds); n++) {
    for (const each of contenders) {
      const took = await within(round(each, inFlight), LIMIT);
      each.best = Math.max(each.best, (each.count / took) * 1000);
    }
  }
  for (const { name, best, pool } of contenders) {
    print({ name, best: Math.round(best) });
    // Some pools never stop here.
    await within(Promise.resolve(pool.stop()), LIMIT).catch(() => {});
  }
}

for (const comparison of COMPARISONS) await compare(comparison);
process.exit(0);
