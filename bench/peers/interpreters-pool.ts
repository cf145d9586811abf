/** This package as a pool: an executor, and one interpreter called directly. */

import type { PoolMaker } from "./pool.js";

const url = new URL("./work.js", import.meta.url);
const taskUrl = new URL("./interpreters-pool.task.js", import.meta.url);

export const executor: PoolMaker = {
  name: "interpreters: executor.submit",
  ours: true,
  async make(workers) {
    const { fromModule, InterpreterPoolExecutor } = await import("interpreters");
    const { work } = fromModule<typeof import("./work.js")>(url);
    const pool = new InterpreterPoolExecutor({ maxWorkers: workers });
    const { giveBack } = fromModule<typeof import("./interpreters-pool.task.js")>(taskUrl);
    return {
      run: (task) => pool.submit(work, task),
      transfer: (buffer) => pool.with({ transfer: [buffer] }).submit(giveBack, buffer),
      stop: () => pool.shutdown(),
    };
  },
};

/** As `executor`, of a process that is traced. */
export const traced: PoolMaker = {
  ...executor,
  name: "interpreters: executor.submit, traced",
  async make(workers) {
    const { startTrace } = await import("interpreters");
    // What is measured is the writing, not the disk.
    startTrace("/dev/null");
    return await executor.make(workers);
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
    return { run: (task) => interp.call(work, task), stop: () => interp.close({ wait: true }) };
  },
};
