/** The adapters for other pools beside the genuine packages, both through the same API. */

import { type Case, type Contender, pipelined, repeated } from "../harness.js";
import type { work } from "../peers/work.js";

interface Pool {
  run(task: unknown): Promise<unknown>;
  destroy(): Promise<void>;
}
type PoolClass = new (options: { filename: string; minThreads: number; maxThreads: number }) => Pool;

interface Package {
  readonly name: string;
  readonly ours: boolean;
  load(): Promise<PoolClass>;
}

const WORKERS = 2;
const filename = new URL("../peers/work.js", import.meta.url).href;

const pairs: readonly (readonly [string, readonly Package[]])[] = [
  [
    "piscina",
    [
      {
        name: "@interpreters/piscina",
        ours: true,
        load: async () => (await import("@interpreters/piscina")).Piscina,
      },
      { name: "piscina", ours: false, load: async () => (await import("piscina")).Piscina },
    ],
  ],
  [
    "tinypool",
    [
      {
        name: "@interpreters/tinypool",
        ours: true,
        load: async () => (await import("@interpreters/tinypool")).Tinypool,
      },
      { name: "tinypool", ours: false, load: async () => (await import("tinypool")).Tinypool },
    ],
  ],
];

async function start({ load }: Package): Promise<Pool> {
  const PoolOf = await load();
  const pool = new PoolOf({ filename, minThreads: WORKERS, maxThreads: WORKERS });
  await Promise.all(Array.from({ length: WORKERS }, () => pool.run(0)));
  return pool;
}

/**
 * Rounds to warm up with large values: of their tasks, few fit into a second, and the adapter runs more JavaScript for each than the package. At 1 MB
 * V8 has compiled all of it after about one second, or 4000 tasks; before, a task takes twice as long.
 */
const SLOW_TO_WARM = 4;

const tasks = (made: Package, inFlight: number, value: unknown, warmUp?: number): Contender => ({
  name: made.name,
  ours: made.ours,
  async start() {
    const pool = await start(made);
    const run = (count: number): Promise<void> => pipelined(count, inFlight, () => pool.run(value));
    return repeated("ops/s", { run, stop: () => pool.destroy() }, warmUp);
  },
});

/** A pool in a process that has had one before. */
const boot = (made: Package): Contender => ({
  name: made.name,
  ours: made.ours,
  async start() {
    await (await start(made)).destroy();
    return {
      async round() {
        const began = performance.now();
        const pool = await start(made);
        const time = performance.now() - began;
        await pool.destroy();
        return time;
      },
      stop: () => undefined,
    };
  },
});

const payloads: readonly (readonly [string, string, () => unknown])[] = [
  ["string-100kb", "a string of 100 kB", () => "a".repeat(1e5)],
  ["bytes-1mb", "1 MB of bytes", () => new Uint8Array(1e6).fill(1)],
  ["bytes-4mb", "4 MB of bytes", () => new Uint8Array(4e6).fill(1)],
];

const blocking = (ours: boolean): Contender => ({
  name: ours ? "@interpreters/synckit" : "synckit",
  ours,
  async start() {
    const { createSyncFn } = await (ours ? import("@interpreters/synckit") : import("synckit"));
    const worker = ours ? "../peers/interpreters-synckit.worker.js" : "../peers/synckit.worker.js";
    const workSync = createSyncFn<typeof work>(new URL(worker, import.meta.url));
    return repeated("µs", {
      run(count) {
        for (let i = 0; i < count; i += 1) workSync(0);
      },
      // Neither has a way to stop a worker; it does not keep the process alive.
      stop: () => undefined,
    });
  },
});

const synckitCase: Case = {
  id: "adapter-synckit-small",
  title: "synckit and its adapter: a blocking call with a number there and back",
  unit: "µs",
  contenders: [true, false].map(blocking),
};

const poolCases: readonly Case[] = pairs.flatMap(([name, packages]): Case[] => [
  ...[1, 64].map((inFlight): Case => ({
    id: `adapter-${name}-empty-${inFlight}-in-flight`,
    title: `${name} and its adapter: empty tasks, ${inFlight} in flight, ${WORKERS} workers`,
    unit: "ops/s",
    contenders: packages.map((made) => tasks(made, inFlight, 0)),
  })),
  ...payloads.map(([id, what, value]): Case => ({
    id: `adapter-${name}-${id}`,
    title: `${name} and its adapter: ${what} there and back, 4 in flight, ${WORKERS} workers`,
    unit: "ops/s",
    contenders: packages.map((made) => tasks(made, 4, value(), SLOW_TO_WARM)),
  })),
  {
    id: `adapter-${name}-boot`,
    title: `${name} and its adapter: a pool of ${WORKERS} to its first results`,
    unit: "ms",
    rounds: { full: 15, quick: 5 },
    contenders: packages.map(boot),
  },
]);

export const adapterCases: readonly Case[] = [...poolCases, synckitCase];
