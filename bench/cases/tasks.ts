/** Tasks in a pool: empty ones, where only the round trip counts, and ones that keep a core busy. */

import { pipelined, repeated, type Case, type Contender, type Unit } from "../harness.js";
import { executor, traced } from "../peers/interpreters-pool.js";
import { barePool } from "../peers/bare-pool.js";
import { piscinaDefault } from "../peers/piscina.js";
import type { PoolMaker } from "../peers/pool.js";
import { tinypoolDefault } from "../peers/tinypool.js";
import { pools } from "../peers/pools.js";
import { iterationsPerMillisecond } from "../peers/work.js";

const UNIT = "ops/s" satisfies Unit;

/** Each task runs as many iterations as the case determines. `warm`: rounds of warming up. */
function contend(maker: PoolMaker, workers: number, inFlight: number, warm = 1): Contender {
  return {
    name: maker.name,
    ours: maker.ours ?? false,
    async start(size) {
      const pool = await maker.make(workers);
      // Every worker boots and loads the task before the first measurement.
      await Promise.all(Array.from({ length: workers * 4 }, () => pool.run(size)));
      const run = (count: number): Promise<void> => pipelined(count, inFlight, () => pool.run(size));
      return repeated(UNIT, { run, stop: () => pool.stop() }, warm);
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
    contenders: entrants(workers).map((maker) => contend(maker, workers, inFlight)),
  };
}

/** Rounds. One round has too few tasks of a millisecond for the compiler to have seen enough of them. */
const LONG_WARM_UP = 8;

function busyTasks(workers: number): Case {
  return {
    id: `cpu-1ms-tasks-${workers}w`,
    title: `CPU-bound tasks of 1 ms, 8 in flight, ${plural(workers)}`,
    unit: UNIT,
    common: iterationsPerMillisecond,
    contenders: entrants(workers).map((maker) => contend(maker, workers, 8, LONG_WARM_UP)),
  };
}

/** Arguments and results of the given size, each of them a copy. */
function payloads(bytes: number, what: string): Case {
  return {
    id: `payload-${what.replace(" ", "").toLowerCase()}`,
    title: `Tasks that take ${what} and return it, 4 in flight, 1 worker`,
    unit: UNIT,
    contenders: entrants(1).map(({ name, ours = false, make }) => ({
      name,
      ours,
      async start() {
        const pool = await make(1);
        const sent = new Uint8Array(bytes).fill(1);
        const task = async (): Promise<void> => {
          const back = (await pool.run(sent)) as Uint8Array;
          if (back.length !== bytes || back === sent)
            throw new Error(`sent ${bytes} bytes, got ${back.length}`);
        };
        return repeated(UNIT, { run: (count) => pipelined(count, 4, task), stop: () => pool.stop() });
      },
    })),
  };
}

/** A buffer that makes a round trip without being copied, for the pools that support it. */
function transfers(bytes: number, what: string): Case {
  return {
    id: `transfer-${what.replace(" ", "").toLowerCase()}`,
    title: `Tasks that take a buffer of ${what} by transfer and return it, 1 worker`,
    unit: "ms",
    // A garbage collection in between makes a trip take ten times as long as another.
    rounds: { full: 31, quick: 3 },
    contenders: [executor, piscinaDefault, tinypoolDefault, barePool].map(({ name, ours = false, make }) => ({
      name,
      ours,
      async start() {
        const pool = await make(1);
        let buffer = new ArrayBuffer(bytes);
        const once = async (): Promise<void> => {
          buffer = (await pool.transfer?.(buffer)) as ArrayBuffer;
          if (buffer.byteLength !== bytes) throw new Error(`sent ${bytes} bytes, got ${buffer.byteLength}`);
        };
        return {
          warmUp: () => once().then(once),
          async round() {
            const start = performance.now();
            for (let i = 0; i < 4; i++) await once();
            return (performance.now() - start) / 4;
          },
          stop: () => pool.stop(),
        };
      },
    })),
  };
}

/** This package alone: the first figure divided by the second is the speed-up of a second worker. */
function scaling(): Case {
  return {
    id: "cpu-1ms-tasks-scaling",
    title: "CPU-bound tasks of 1 ms, 8 in flight, 2 workers against 1",
    unit: UNIT,
    common: iterationsPerMillisecond,
    contenders: [2, 1].map((workers) => {
      const contender = contend(executor, workers, 8, LONG_WARM_UP);
      return { ...contender, name: `${contender.name}, ${plural(workers)}` };
    }),
  };
}

/** This package alone: what a trace costs. */
function tracing(): Case {
  return {
    id: "empty-tasks-traced",
    title: "Empty tasks, 64 in flight, 1 worker, with and without a trace",
    unit: UNIT,
    contenders: [executor, traced].map((maker) => contend(maker, 1, 64, LONG_WARM_UP)),
  };
}

export const taskCases: readonly Case[] = [
  ...[1, 2].flatMap((workers) => [1, 64, 1000].map((inFlight) => emptyTasks(workers, inFlight))),
  busyTasks(1),
  busyTasks(2),
  scaling(),
  tracing(),
  payloads(1e3, "1 kB"),
  payloads(1e6, "1 MB"),
  transfers(1e8, "100 MB"),
];
