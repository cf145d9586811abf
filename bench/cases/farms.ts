/** The adapters for jest-worker and workerpool against the genuine packages: the same program, one package in the place of the other. */

import { fileURLToPath } from "node:url";
import type { WorkerFarmOptions } from "jest-worker";
import type { WorkerPoolOptions } from "workerpool";
import { pipelined, repeated, type Case, type Contender } from "../harness.js";
import type { Task } from "../peers/work.js";

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface Running {
  run(task: Task): PromiseLike<unknown>;
  stop(): PromiseLike<unknown>;
}

interface Farm extends Running {
  work(task: Task): Promise<Task>;
}

async function jestWorker(ours: boolean, workers: number): Promise<Running> {
  const { Worker } = ours ? await import("@interpreters/jest-worker") : await import("jest-worker");
  const options = { enableWorkerThreads: true, exposedMethods: ["work"], numWorkers: workers };
  const farm = new Worker(pathOf("../peers/work.js"), options satisfies WorkerFarmOptions);
  const { work } = farm as unknown as Farm;
  return { run: (task) => work(task), stop: () => farm.end() };
}

async function workerpool(ours: boolean, workers: number): Promise<Running> {
  const options = {
    workerType: "thread",
    minWorkers: workers,
    maxWorkers: workers,
  } satisfies WorkerPoolOptions;
  if (ours) {
    const { pool: make } = await import("@interpreters/workerpool");
    const pool = make(pathOf("../peers/interpreters-workerpool.worker.js"), options);
    return { run: (task) => pool.exec("work", [task]), stop: async () => pool.terminate(true) };
  }
  const { default: genuine } = await import("workerpool");
  const pool = genuine.pool(pathOf("../peers/workerpool.worker.js"), options);
  return { run: (task) => pool.exec("work", [task]), stop: async () => pool.terminate(true) };
}

type Make = (ours: boolean, workers: number) => Promise<Running>;

function contend(name: string, make: Make, ours: boolean, inFlight: number, task: Task): Contender {
  return {
    name: ours ? `@interpreters/${name}` : name,
    ours,
    async start() {
      const farm = await make(ours, 1);
      await Promise.all(Array.from({ length: 4 }, () => farm.run(task)));
      const run = (count: number): Promise<void> => pipelined(count, inFlight, () => farm.run(task));
      return repeated("ops/s", { run, stop: async () => void (await farm.stop()) });
    },
  };
}

function farmCases(name: string, make: Make): Case[] {
  const rows: [what: string, id: string, inFlight: number, task: Task][] = [
    ["empty calls, 1 in flight", "1-in-flight", 1, 0],
    ["empty calls, 64 in flight", "64-in-flight", 64, 0],
    ["calls that take 100 kB and return it", "100kb", 4, new Uint8Array(100_000)],
  ];
  return rows.map(([what, id, inFlight, task]) => ({
    id: `${name}-${id}`,
    title: `${name}'s API: ${what}, 1 worker`,
    unit: "ops/s",
    contenders: [true, false].map((ours) => contend(name, make, ours, inFlight, task)),
  }));
}

export const farmCasesOfAll: readonly Case[] = [
  ...farmCases("jest-worker", jestWorker),
  ...farmCases("workerpool", workerpool),
];
