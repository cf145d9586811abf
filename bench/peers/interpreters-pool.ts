/** This package: an executor, and one interpreter called directly. */

import type { PoolMaker } from "./pool.js";

const url = new URL("./work.js", import.meta.url);

export const executor: PoolMaker = {
  name: "interpreters: executor.submit",
  ours: true,
  async make(workers) {
    const { fromModule, InterpreterPoolExecutor } = await import("interpreters");
    const { work } = fromModule<typeof import("./work.js")>(url);
    const pool = new InterpreterPoolExecutor({ maxWorkers: workers });
    return { run: (iterations) => pool.submit(work, iterations), stop: () => pool.shutdown() };
  },
};

export const direct: PoolMaker = {
  name: "interpreters: interp.call",
  ours: true,
  onlyWorkers: 1,
  async make() {
    const { create, fromModule } = await import("interpreters");
    const { work } = fromModule<typeof import("./work.js")>(url);
    const interp = create();
    return { run: (iterations) => interp.call(work, iterations), stop: () => interp.close({ wait: true }) };
  },
};
