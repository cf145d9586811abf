/** workerpool on worker threads. It has no option for more than one task per worker. */

import { fileURLToPath } from "node:url";
import type { PoolMaker } from "./pool.js";

const script = fileURLToPath(new URL("./workerpool.worker.js", import.meta.url));

export const workerpoolThreads: PoolMaker = {
  name: "workerpool",
  async make(workers) {
    const { default: workerpool } = await import("workerpool");
    const pool = workerpool.pool(script, { workerType: "thread", minWorkers: workers, maxWorkers: workers });
    return {
      run: async (task) => pool.exec("work", [task]),
      stop: async () => {
        await pool.terminate(true);
      },
    };
  },
};
