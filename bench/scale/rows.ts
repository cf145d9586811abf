/** The rows of the table: what is measured with 1, 2, 4, 8 and 16 workers. Each row with each number of workers is a case. */

import type { Case, Contender, Unit } from "../harness.js";
import { executor } from "../peers/interpreters-pool.js";
import { piscinaDefault } from "../peers/piscina.js";
import type { PoolMaker } from "../peers/pool.js";
import { tinypoolDefault } from "../peers/tinypool.js";
import { iterationsPerMillisecond } from "../peers/work.js";
import { workerpoolThreads } from "../peers/workerpool.js";
import { flow, forkJoin, idling, latency, mapItems, payload } from "./pools.js";
import { oneWayContenders, ownQueues, pairContenders, sharedQueue } from "./queues.js";
import { rows as databaseRows } from "./tasks.js";

export interface ScaleRow {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** Which threads it counts: most rows have any number of workers; a pair has two; some rows have one worker whatever is asked for. */
  readonly threads?: "pairs" | "one";
  readonly rounds?: Case["rounds"];
  contenders(workers: number): readonly Contender[];
}

const OPS = "ops/s" satisfies Unit;
const LONG = 8;
/** In flight for each worker, where a thousand would only make the last round of tasks longer. */
const PER_WORKER = 8;

/** Tasks of the given length. Those of a millisecond are few in a round, so warming up takes longer. */
const tasks = (id: string, what: string, milliseconds: number, makers: readonly PoolMaker[]): ScaleRow => ({
  id,
  title: what,
  unit: OPS,
  contenders: (workers) =>
    makers.map((maker) =>
      milliseconds < 0.1
        ? flow(maker, workers, milliseconds, 1000)
        : flow(maker, workers, milliseconds, PER_WORKER * workers, milliseconds < 1 ? 2 : LONG),
    ),
});

const payloads = (
  id: string,
  title: string,
  makers: readonly PoolMaker[],
  make: () => unknown,
  size: (value: unknown) => unknown,
): ScaleRow => ({
  id,
  title,
  unit: OPS,
  contenders: (workers) => makers.map((maker) => payload(maker, workers, 4, make, size)),
});

const oneWay = (id: string, title: string, used: boolean, batch: boolean): ScaleRow => ({
  id,
  title,
  unit: OPS,
  threads: "one",
  contenders: () => oneWayContenders(used, batch),
});

const length = (value: unknown): unknown => (value as { readonly length: number }).length;

export const scaleRows: readonly ScaleRow[] = [
  {
    id: "fork-join",
    title: "As many tasks of 5 ms as idle workers, until all are done",
    unit: "ms",
    contenders: (workers) =>
      [executor, piscinaDefault, tinypoolDefault].map((maker) => forkJoin(maker, workers, 5)),
  },
  tasks("empty", "Empty tasks, 1000 in flight", 0, [
    executor,
    tinypoolDefault,
    piscinaDefault,
    workerpoolThreads,
  ]),
  tasks("tasks-10us", "Tasks of 10 µs, 1000 in flight", 0.01, [executor, tinypoolDefault]),
  tasks("tasks-100us", "Tasks of 100 µs, 8 in flight per worker", 0.1, [executor, tinypoolDefault]),
  tasks("tasks-1ms", "Tasks of 1 ms, 8 in flight per worker", 1, [executor, tinypoolDefault]),
  {
    id: "map-10us",
    title: "Map over items of 10 µs",
    unit: OPS,
    contenders: (workers) => [mapItems(workers, 0.01)],
  },
  {
    id: "one-queue",
    title: "One queue, half of the threads put and half get, numbers",
    unit: OPS,
    threads: "pairs",
    contenders: (workers) => [sharedQueue(workers / 2)],
  },
  {
    id: "own-queues",
    title: "A queue for each interpreter, which puts and gets, numbers, all together",
    unit: OPS,
    contenders: (workers) => [ownQueues(workers)],
  },
  {
    id: "pairs",
    title: "A queue for each pair, one puts and one gets, numbers, all together",
    unit: OPS,
    threads: "pairs",
    contenders: (workers) => pairContenders(workers / 2),
  },
  payloads(
    "rows-200",
    "Tasks that take 200 rows and return them, 4 in flight per worker",
    [executor, piscinaDefault, tinypoolDefault],
    () => databaseRows(200),
    (value) => JSON.stringify(value).length,
  ),
  oneWay("one-way", "Queue, main -> interpreter, numbers, fresh process", false, false),
  oneWay("one-way-used", "Queue, main -> interpreter, numbers, after other uses", true, false),
  oneWay("one-way-many", "Queue, main -> interpreter, numbers, 1024 at a time, fresh process", false, true),
  oneWay(
    "one-way-many-used",
    "Queue, main -> interpreter, numbers, 1024 at a time, after other uses",
    true,
    true,
  ),
  payloads(
    "bytes-1mb",
    "Tasks that take 1 MB of bytes and return them, 4 in flight per worker",
    [executor, piscinaDefault],
    () => new Uint8Array(1e6).fill(1),
    length,
  ),
  payloads(
    "ascii-100kb",
    "Tasks that take 100 kB of ASCII and return it, 4 in flight per worker",
    [executor, piscinaDefault],
    () => "abcdefghij".repeat(10_000),
    length,
  ),
  {
    id: "latency",
    title: "Empty tasks, one after another",
    unit: "µs",
    contenders: (workers) => [executor, tinypoolDefault].map((maker) => latency(maker, workers)),
  },
  {
    id: "idle",
    title: "Processor time of an idle pool, per second",
    unit: "ms",
    rounds: { full: 1, quick: 1 },
    contenders: (workers) => [executor, tinypoolDefault].map((maker) => idling(maker, workers)),
  },
];

/** The prefix of the cases' ids, which tells them from those of `npm run bench`. */
export const PREFIX = "scale-";

/** The numbers of threads that a row is measured with when these numbers of workers are asked for. */
export function threadsOf(row: ScaleRow, workers: readonly number[]): number[] {
  const own = (count: number): number =>
    row.threads === "one" ? 1 : row.threads === "pairs" ? Math.max(2, count - (count % 2)) : count;
  return [...new Set(workers.map(own))];
}

/** The case of a row with a number of threads. */
export function caseOf(row: ScaleRow, workers: number): Case {
  const { id, title, unit, rounds } = row;
  const threads = row.threads === "one" ? "" : `, ${workers} ${workers === 1 ? "thread" : "threads"}`;
  return {
    id: `${PREFIX}${id}-${workers}w`,
    title: title + threads,
    unit,
    common: iterationsPerMillisecond,
    contenders: row.contenders(workers),
    ...(rounds !== undefined && { rounds }),
  };
}

/** Finds a case by its id. */
export function findScaleCase(id: string): Case | undefined {
  const [, name, workers] = /^scale-(.+)-(\d+)w$/.exec(id) ?? [];
  const row = scaleRows.find((each) => each.id === name);
  return row === undefined ? undefined : caseOf(row, Number(workers));
}
