/** Tasks through a BullMQ queue on Redis. Left out where there is no redis-server. */

import { spawnSync } from "node:child_process";
import { type Case, type Contender, pipelined, repeated } from "../harness.js";
import type { Remote } from "../peers/bullmq.js";
import { iterationsPerMillisecond } from "../peers/work.js";

const WORKERS = 2;
/** Tasks at a time, where tasks wait. */
const WAITING = 32;
/** Rounds. Each task has a long way, so that one round has too few of them for the compiler. */
const WARM_UP = 8;
/** Rounds, for tasks one after another: a thousand in a second. */
const LONG_WARM_UP = 32;

function contend(
  name: string,
  unit: "ops/s" | "µs",
  inFlight: number,
  start: () => Promise<Remote>,
  warm = WARM_UP,
): Contender {
  return {
    name,
    ours: name === "BullMQExecutor",
    async start(size) {
      const remote = await start();
      const run = (count: number): Promise<void> => pipelined(count, inFlight, () => remote.run(size));
      return repeated(unit, { run, stop: async () => await remote.stop() }, warm);
    },
  };
}

/** Loaded when they start: a process that measures another case need not find these packages. */
const peers = (): Promise<typeof import("../peers/bullmq.js")> => import("../peers/bullmq.js");
const executor = async (): Promise<Remote> => await (await peers()).startExecutor(WORKERS);
const waitingExecutor = async (): Promise<Remote> =>
  await (await peers()).startExecutor(WORKERS, WAITING / WORKERS);
const bullmq =
  (sandboxed: false | "computes" | "waits", answer: "here" | "elsewhere", atATime = WORKERS) =>
  async (): Promise<Remote> =>
    await (await peers()).startBullMQ(atATime, sandboxed, answer);
const bare = bullmq(false, "here");
const sandboxed = bullmq("computes", "here");
const waitingSandboxed = bullmq("waits", "here", WAITING);
const elsewhere = bullmq(false, "elsewhere");

const all: readonly Case[] = [
  {
    id: "bullmq-empty-tasks",
    title: "Empty tasks through Redis, 512 in flight, 2 at a time",
    unit: "ops/s",
    common: () => 0,
    contenders: [
      contend("BullMQExecutor", "ops/s", 512, executor),
      contend("BullMQ", "ops/s", 512, bare),
      contend("BullMQ, sandboxed in threads", "ops/s", 512, sandboxed),
    ],
  },
  {
    id: "bullmq-1ms-tasks",
    title: "CPU-bound tasks of 1 ms through Redis, 64 in flight, 2 at a time",
    unit: "ops/s",
    common: iterationsPerMillisecond,
    contenders: [
      contend("BullMQExecutor", "ops/s", 64, executor),
      contend("BullMQ, sandboxed in threads", "ops/s", 64, sandboxed),
    ],
  },
  {
    // Of tasks that compute, two processors execute 2,000 a second, whatever takes them there.
    id: "bullmq-1ms-waits",
    title: `Tasks that wait for 1 ms through Redis, 512 in flight, ${WAITING} at a time`,
    unit: "ops/s",
    common: () => 0,
    contenders: [
      contend("BullMQExecutor", "ops/s", 512, waitingExecutor),
      contend("BullMQ, sandboxed in threads", "ops/s", 512, waitingSandboxed),
    ],
  },
  {
    id: "bullmq-latency",
    title: "One empty task after another through Redis",
    unit: "µs",
    common: () => 0,
    contenders: [
      contend("BullMQExecutor", "µs", 1, executor, LONG_WARM_UP),
      contend("BullMQ", "µs", 1, elsewhere, LONG_WARM_UP),
    ],
  },
];

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
export const bullmqCases: readonly Case[] = hasRedis ? all : [];
