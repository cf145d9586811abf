/** poolifier in its fastest setting: a fixed pool without events, with the cheapest strategy to choose a worker. */

import { fileURLToPath } from "node:url";
import type { PoolMaker } from "./pool.js";
import type { Task } from "./work.js";

const script = fileURLToPath(new URL("./poolifier.worker.js", import.meta.url));

export const poolifierTuned: PoolMaker = {
  name: "poolifier, round robin",
  async make(workers) {
    const { FixedThreadPool } = await import("poolifier");
    const pool = new FixedThreadPool<Task, Task>(workers, script, {
      enableEvents: false,
      workerChoiceStrategy: "ROUND_ROBIN",
    });
    return { run: (task) => pool.execute(task), stop: () => pool.destroy() };
  },
};
