/** The adapters for other pools beside the genuine packages, both through the same API. */

import { type Case, type Contender, pipelined, repeated } from "../harness.js";

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

const tasks = (made: Package, inFlight: number, value: unknown): Contender => ({
  name: made.name,
  ours: made.ours,
  async start() {
    const pool = await start(made);
    return repeated("ops/s", {
      run: (count) => pipelined(count, inFlight, () => pool.run(value)),
      stop: () => pool.destroy(),
    });
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

export const adapterCases: readonly Case[] = pairs.flatMap(([name, packages]): Case[] => [
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
    contenders: packages.map((made) => tasks(made, 4, value())),
  })),
  {
    id: `adapter-${name}-boot`,
    title: `${name} and its adapter: a pool of ${WORKERS} to its first results`,
    unit: "ms",
    rounds: { full: 15, quick: 5 },
    contenders: packages.map(boot),
  },
]);
