/** The cost of queued tasks: resident memory while a million of them wait. */

import { fileURLToPath } from "node:url";
import type { Case, Contender } from "../harness.js";
import { executor } from "../peers/interpreters-pool.js";
import { piscinaDefault } from "../peers/piscina.js";
import type { PoolMaker } from "../peers/pool.js";
import { poolifierTuned } from "../peers/poolifier.js";
import { tinypoolDefault } from "../peers/tinypool.js";
import { workerpoolThreads } from "../peers/workerpool.js";
import { runProbe } from "../run-probe.js";

const probe = fileURLToPath(new URL("../queued-probe.js", import.meta.url));
const FULL = 1_000_000;
const QUICK = 100_000;

const queued = ({ name, ours = false }: PoolMaker): Contender => ({
  name,
  ours,
  start: async () => ({
    // A quick round queues fewer tasks and scales the figure up to a million.
    async round({ quick }) {
      const tasks = quick ? QUICK : FULL;
      return (await runProbe(probe, [name, String(tasks)])) * (FULL / tasks);
    },
    stop: () => undefined,
  }),
});

export const queuedCases: readonly Case[] = [
  {
    id: "memory-queued",
    title: "Resident memory of a million queued empty tasks, 1 worker",
    unit: "MB",
    rounds: { full: 3, quick: 1 },
    contenders: [executor, piscinaDefault, tinypoolDefault, workerpoolThreads, poolifierTuned].map(queued),
  },
];
