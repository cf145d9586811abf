/** Contenders for pools: many tasks in flight, one task for each idle worker, a map, and pools that idle. */

import { setTimeout as sleep } from "node:timers/promises";
import { median, pipelined, repeated, type Contender, type Session } from "../harness.js";
import type { Pool, PoolMaker } from "../peers/pool.js";
import { work, type Task } from "../peers/work.js";

async function started(maker: PoolMaker, workers: number): Promise<Pool> {
  const pool = await maker.make(workers);
  // Every worker boots and loads the task before anything is measured.
  for (let i = 0; i < 4; i += 1) await Promise.all(Array.from({ length: workers * 4 }, () => pool.run(0)));
  return pool;
}

/** Tasks of `milliseconds` (0: empty), as many in flight all the time. `warm`: rounds of warming up. */
export function flow(
  maker: PoolMaker,
  workers: number,
  milliseconds: number,
  inFlight: number,
  warm = 1,
): Contender {
  return {
    name: maker.name,
    ours: maker.ours ?? false,
    async start(perMillisecond) {
      const pool = await started(maker, workers);
      const task = Math.round(milliseconds * perMillisecond);
      const run = (count: number): Promise<void> => pipelined(count, inFlight, () => pool.run(task));
      return repeated("ops/s", { run, stop: () => pool.stop() }, warm);
    },
  };
}

/** The time of an empty task on an idle pool, one after another. */
export function latency(maker: PoolMaker, workers: number): Contender {
  return {
    name: maker.name,
    ours: maker.ours ?? false,
    async start() {
      const pool = await started(maker, workers);
      const run = (count: number): Promise<void> => pipelined(count, 1, () => pool.run(0));
      return repeated("µs", { run, stop: () => pool.stop() }, 2);
    },
  };
}

/** Tasks that take a value and return it, `perWorker` of them in flight for each worker. */
export function payload(
  maker: PoolMaker,
  workers: number,
  perWorker: number,
  make: () => unknown,
  size: (value: unknown) => unknown,
): Contender {
  return {
    name: maker.name,
    ours: maker.ours ?? false,
    async start() {
      const pool = await started(maker, workers);
      const sent = make();
      const expected = size(sent);
      const once = async (): Promise<void> => {
        // `work` returns whatever is not a number.
        const back: unknown = await pool.run(sent as Task);
        if (size(back) !== expected) throw new Error("what came back is not what was sent");
      };
      const run = (count: number): Promise<void> => pipelined(count, perWorker * workers, once);
      return repeated("ops/s", { run, stop: () => pool.stop() }, 2);
    },
  };
}

/** Milliseconds, ample for the workers of every pool to become idle: those that poll or spin have stopped. */
const UNTIL_IDLE_MS = 20;

/** As many tasks of `milliseconds` as there are idle workers: the time until all are done. */
export function forkJoin(maker: PoolMaker, workers: number, milliseconds: number): Contender {
  return {
    name: maker.name,
    ours: maker.ours ?? false,
    async start(perMillisecond): Promise<Session> {
      const pool = await started(maker, workers);
      const task = Math.round(milliseconds * perMillisecond);
      const once = async (): Promise<number> => {
        await sleep(UNTIL_IDLE_MS);
        const start = performance.now();
        await Promise.all(Array.from({ length: workers }, () => pool.run(task)));
        return performance.now() - start;
      };
      return {
        async warmUp() {
          for (let i = 0; i < 4; i += 1) await once();
        },
        async round({ quick }) {
          const times: number[] = [];
          for (let i = 0; i < (quick ? 9 : 25); i += 1) times.push(await once());
          return median(times);
        },
        stop: () => pool.stop(),
      };
    },
  };
}

const workUrl = new URL("../peers/work.js", import.meta.url);

/** A `map` over items that each take `milliseconds`. */
export function mapItems(workers: number, milliseconds: number): Contender {
  return {
    name: 'interpreters: executor.map, chunksize "auto"',
    ours: true,
    async start(perMillisecond) {
      const { fromModule, InterpreterPoolExecutor } = await import("interpreters");
      const tasks = fromModule<{ work: typeof work }>(workUrl);
      const pool = new InterpreterPoolExecutor({ maxWorkers: workers });
      const item = Math.round(milliseconds * perMillisecond);
      const run = async (count: number): Promise<void> => {
        const items = Array.from({ length: count }, () => item);
        let done = 0;
        for await (const _ of pool.map(tasks.work, items, { chunksize: "auto" })) done += 1;
        if (done !== count) throw new Error(`mapped ${count} items, got ${done} results`);
      };
      await run(workers * 64);
      return repeated("ops/s", { run, stop: () => pool.shutdown() }, 4);
    },
  };
}

/** Processor time that a whole process takes while its pool has nothing to do, in milliseconds per second. */
export function idling(maker: PoolMaker, workers: number): Contender {
  return {
    name: maker.name,
    ours: maker.ours ?? false,
    async start(): Promise<Session> {
      const pool = await started(maker, workers);
      await sleep(500);
      return {
        async round({ quick }) {
          const before = process.cpuUsage();
          const start = performance.now();
          await sleep(quick ? 1_000 : 10_000);
          const { user, system } = process.cpuUsage(before);
          return (user + system) / (performance.now() - start);
        },
        stop: () => pool.stop(),
      };
    },
  };
}
