/** All cases, in the order in which they run and are printed. */

import type { Case } from "../harness.js";
import { adapterCases } from "./adapters.js";
import { bootCases } from "./boot.js";
import { bullmqCases } from "./bullmq.js";
import { callSyncCases } from "./call-sync.js";
import { farmCasesOfAll } from "./farms.js";
import { firstCallsCases } from "./first-calls.js";
import { objectCases } from "./objects.js";
import { lockCases } from "./locks.js";
import { oneThreadCases } from "./one-thread.js";
import { pythonCases } from "./python.js";
import { iterationCases, queueCases } from "./queues.js";
import { queuedCases } from "./queued.js";
import { taskCases } from "./tasks.js";

export const cases: readonly Case[] = [
  ...queueCases,
  ...iterationCases,
  ...oneThreadCases,
  ...lockCases,
  ...callSyncCases,
  ...objectCases,
  ...firstCallsCases,
  ...taskCases,
  ...farmCasesOfAll,
  ...queuedCases,
  ...adapterCases,
  ...bootCases,
  ...pythonCases,
  ...bullmqCases,
];
