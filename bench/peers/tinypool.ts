/** tinypool, with its defaults and tuned for many small tasks. */

import type { PoolMaker } from "./pool.js";

const filename = new URL("./work.js", import.meta.url).href;
const taskFile = new URL("./tinypool.task.js", import.meta.url).href;

function tinypool(name: string, options: { concurrentTasksPerWorker?: number }): PoolMaker {
  return {
    name,
    async make(workers) {
      const { Tinypool } = await import("tinypool");
      const pool = new Tinypool({ filename, minThreads: workers, maxThreads: workers, ...options });
      return {
        run: (task) => pool.run(task),
        transfer: async (buffer) =>
          (await pool.run(buffer, { transferList: [buffer], filename: taskFile })) as ArrayBuffer,
        stop: () => pool.destroy(),
      };
    },
  };
}

export const tinypoolDefault = tinypool("tinypool", {});
export const tinypoolTuned = tinypool("tinypool, 64 tasks per worker", { concurrentTasksPerWorker: 64 });
