/**
 * The page of `npm run bench:browsers`: measures this package beside comlink, workerpool and bare workers, and reports a row for each contender.
 *
 * All contenders of a case are started first and then take turns. A first start needs a new page, so the page loads itself again for each.
 */
import { pipelined } from "../harness.js";
import { within } from "../within.js";
import {
  bare,
  comlink,
  direct,
  executor,
  importing,
  type Maker,
  messagesBetween,
  messagesToPage,
  queueBetween,
  queueToPage,
  workerpoolWeb,
} from "./peers.js";
import { web } from "./web.js";

/** A contender's figures in a case, one for each round. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly unit: "ops/s" | "ms";
  readonly name: string;
  readonly ours: boolean;
  readonly rounds: readonly number[];
  readonly problem?: string;
}

interface Contender {
  readonly name: string;
  readonly ours?: boolean;
  make(): Measured;
}

/** A started contender: `run` does so many operations. */
interface Measured {
  run(count: number): Promise<unknown>;
  stop(): unknown;
}

interface Throughput {
  readonly id: string;
  readonly title: string;
  readonly contenders: readonly Contender[];
}

const calls = ({ name, ours = false, make }: Maker, inFlight: number): Contender => ({
  name,
  ours,
  make() {
    const { run, stop } = make();
    return { run: (count) => pipelined(count, inFlight, () => run(1)), stop };
  },
});

const CASES: readonly Throughput[] = [
  {
    id: "round-trip",
    title: "One empty call after the other",
    contenders: [direct, comlink, workerpoolWeb, bare].map((each) => calls(each, 1)),
  },
  {
    id: "in-flight",
    title: "Empty tasks, 1000 in flight, 1 worker",
    contenders: [executor, comlink, workerpoolWeb, bare].map((each) => calls(each, 1000)),
  },
  {
    id: "queue-to-page",
    title: "Numbers one way, from a worker to the page",
    contenders: [queueToPage, messagesToPage],
  },
  {
    id: "queue-between",
    title: "Numbers one way, from a worker to another",
    contenders: [queueBetween, messagesBetween],
  },
];

const STARTS: readonly Maker[] = [direct, comlink, workerpoolWeb, importing, bare];

const parameters = new URLSearchParams(web.location.search);
const number = (name: string): number => Number(parameters.get(name) ?? 0);
const rounds = number("rounds");
const wanted = (id: string): boolean => id.includes(parameters.get("only") ?? "");

/** Milliseconds of a round, about. */
const ROUND = 200;
/** Milliseconds after which a contender that does not get on is left out. */
const LIMIT = 20_000;

const tell = (report: object): Promise<unknown> =>
  web.fetch("/report", { method: "POST", body: JSON.stringify(report) });

const report = ({ name, ...row }: Row): Promise<unknown> =>
  tell({ name, ok: row.problem === undefined, row: { name, ...row } });

async function timed(run: () => PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  await within(run(), LIMIT);
  return performance.now() - start;
}

/** Finds out how many operations fill a round. */
async function fill({ run }: Measured): Promise<number> {
  let count = 1;
  for (const end = performance.now() + 3 * ROUND; performance.now() < end;) {
    if ((await timed(() => run(count))) < ROUND / 2) count *= 2;
  }
  return count;
}

async function throughput({ contenders, ...given }: Throughput): Promise<void> {
  const started: { row: Row & { rounds: number[] }; measured: Measured; count: number }[] = [];
  for (const { name, ours = false, make } of contenders) {
    const row = { ...given, unit: "ops/s" as const, name, ours, rounds: [] };
    try {
      const measured = make();
      started.push({ row, measured, count: await fill(measured) });
    } catch (error) {
      await report({ ...row, problem: String(error) });
    }
  }
  for (let n = 0; n < rounds; n++) {
    for (const { row, measured, count } of started)
      row.rounds.push((count / (await timed(() => measured.run(count)))) * 1000);
  }
  for (const { row, measured } of started) {
    await report(row);
    await measured.stop();
  }
}

/** The time from the making of so many workers to the last of their first results. */
async function start({ make }: Maker, count = 1): Promise<number> {
  const peers: ReturnType<Maker["make"]>[] = [];
  const took = await timed(() => {
    for (let i = 0; i < count; i++) peers.push(make());
    return Promise.all(peers.map(({ run }) => run(1)));
  });
  await Promise.all(peers.map(({ stop }) => stop()));
  return took;
}

const starting = (id: string, title: string, maker: Maker, figures: readonly number[]): Row => ({
  id,
  title,
  unit: "ms",
  name: maker.name,
  ours: maker.ours ?? false,
  rounds: figures,
});

/** One start, in this page, of the contender whose turn it is, and then the next page. */
async function firstStart(turn: number): Promise<boolean> {
  const end = wanted("start-first") ? STARTS.length * rounds : 0;
  if (turn >= end) return false;
  const maker = STARTS[turn % STARTS.length];
  await report(starting("start-first", "First start to first result", maker, [await start(maker)]));
  parameters.set("turn", String(turn + 1));
  web.location.replace(`?${parameters.toString()}`);
  return true;
}

async function laterStarts(id: string, title: string, count: number): Promise<void> {
  if (!wanted(id)) return;
  const figures = STARTS.map((): number[] => []);
  for (const maker of STARTS) await start(maker, count);
  for (let n = 0; n < (3 * rounds) / count; n++)
    for (const [i, maker] of STARTS.entries()) figures[i].push(await start(maker, count));
  for (const [i, maker] of STARTS.entries()) await report(starting(id, title, maker, figures[i]));
}

if (!(await firstStart(number("turn")))) {
  await laterStarts("start-later", "Later start to first result, one after another", 1);
  await laterStarts("start-together", "Start of 4 together to the last first result", 4);
  for (const each of CASES) if (wanted(each.id)) await throughput(each);
  await tell({ done: true });
}
