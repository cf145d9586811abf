/** All pools that are compared. */

import { barePool } from "./bare-pool.js";
import { direct, executor } from "./interpreters-pool.js";
import { piscinaDefault, piscinaTuned, piscinaTunedAsync } from "./piscina.js";
import type { PoolMaker } from "./pool.js";
import { poolifierTuned } from "./poolifier.js";
import { tinypoolDefault, tinypoolTuned } from "./tinypool.js";
import { workerpoolThreads } from "./workerpool.js";

export const pools: readonly PoolMaker[] = [
  executor,
  direct,
  piscinaDefault,
  piscinaTuned,
  piscinaTunedAsync,
  tinypoolDefault,
  tinypoolTuned,
  workerpoolThreads,
  poolifierTuned,
  barePool,
];
