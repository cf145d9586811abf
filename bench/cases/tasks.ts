/** Tasks in a pool: empty ones, where only the way there and back counts, and ones that keep a core busy. */

import { pipelined, repeated, type Case, type Contender, type Unit } from "../harness.js";
import { executor } from "../peers/interpreters-pool.js";
import type { PoolMaker } from "../peers/pool.js";
import { pools } from "../peers/pools.js";
import { iterationsPerMillisecond } from "../peers/work.js";

const UNIT = "ops/s" satisfies Unit;

function contend(maker: PoolMaker, workers: number, inFlight: number, iterations: () => number): Contender {
  return {
    name: maker.name,
    ours: maker.ours ?? false,
    async start() {
      const pool = await maker.make(workers);
      const size = iterations();
      // Every worker has booted and loaded the task before anything is timed.
      await Promise.all(Array.from({ length: workers * 4 }, () => pool.run(size)));
      return repeated(UNIT, {
        run: (count) => pipelined(count, inFlight, () => pool.run(size)),
        stop: () => pool.stop(),
      });
    },
  };
}

const entrants = (workers: number): PoolMaker[] =>
  pools.filter(({ onlyWorkers }) => onlyWorkers === undefined || onlyWorkers === workers);

const plural = (workers: number): string => (workers === 1 ? "1 worker" : `${workers} workers`);

function emptyTasks(workers: number, inFlight: number): Case {
  return {
    id: `empty-tasks-${inFlight}-in-flight-${workers}w`,
    title: `Empty tasks, ${inFlight} in flight, ${plural(workers)}`,
    unit: UNIT,
    contenders: entrants(workers).map((maker) => contend(maker, workers, inFlight, () => 0)),
  };
}

function busyTasks(workers: number): Case {
  let iterations: number | undefined;
  return {
    id: `cpu-1ms-tasks-${workers}w`,
    title: `CPU-bound tasks of 1 ms, 8 in flight, ${plural(workers)}`,
    unit: UNIT,
    contenders: entrants(workers).map((maker) =>
      contend(maker, workers, 8, () => (iterations ??= iterationsPerMillisecond())),
    ),
  };
}

/** This package alone: the first line's figure over the second's is what another worker brings. */
function scaling(): Case {
  const busy = [2, 1].map((workers): Contender => {
    const contender = contend(executor, workers, 8, () => (iterations ??= iterationsPerMillisecond()));
    return { ...contender, name: `${contender.name}, ${plural(workers)}` };
  });
  let iterations: number | undefined;
  return {
    id: "cpu-1ms-tasks-scaling",
    title: "CPU-bound tasks of 1 ms, 8 in flight, 2 workers against 1",
    unit: UNIT,
    contenders: busy,
  };
}

export const taskCases: readonly Case[] = [
  ...[1, 2].flatMap((workers) => [1, 64, 1000].map((inFlight) => emptyTasks(workers, inFlight))),
  busyTasks(1),
  busyTasks(2),
  scaling(),
];
