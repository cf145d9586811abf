/** piscina, with its defaults and tuned for many small tasks. */

import { fileURLToPath } from "node:url";
import type { PoolMaker } from "./pool.js";
import type { Task } from "./work.js";

const filename = fileURLToPath(new URL("./work.js", import.meta.url));
const taskFile = fileURLToPath(new URL("./piscina.task.js", import.meta.url));

function piscina(
  name: string,
  options: { concurrentTasksPerWorker?: number; atomics?: "sync" | "async" },
): PoolMaker {
  return {
    name,
    async make(workers) {
      const { Piscina } = await import("piscina");
      const pool = new Piscina<Task | ArrayBuffer, unknown>({
        filename,
        minThreads: workers,
        maxThreads: workers,
        ...options,
      });
      return {
        run: (task) => pool.run(task),
        transfer: async (buffer) =>
          (await pool.run(buffer, { transferList: [buffer], filename: taskFile })) as ArrayBuffer,
        stop: () => pool.destroy(),
      };
    },
  };
}

export const piscinaDefault = piscina("piscina", {});
export const piscinaTuned = piscina("piscina, 64 tasks per worker", { concurrentTasksPerWorker: 64 });
export const piscinaTunedAsync = piscina("piscina, 64 tasks per worker, async atomics", {
  concurrentTasksPerWorker: 64,
  atomics: "async",
});
