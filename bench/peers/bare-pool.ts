/**
 * Bare workers and their ports, dealt out in turn: what Node itself costs, without a pool's book-keeping.
 * Answers of one worker come in the order of its tasks, so that they need no numbers.
 */

import { Worker } from "node:worker_threads";
import type { PoolMaker } from "./pool.js";

export const barePool: PoolMaker = {
  name: "bare MessagePort",
  async make(workers) {
    const members = Array.from({ length: workers }, () => {
      const worker = new Worker(new URL("./bare-pool.worker.js", import.meta.url));
      const waiting: ((value: unknown) => void)[] = [];
      let head = 0;
      worker.on("message", (value: unknown) => {
        const settle = waiting[head];
        head += 1;
        if (head === waiting.length) {
          waiting.length = 0;
          head = 0;
        }
        settle(value);
      });
      return { worker, waiting };
    });
    let next = 0;
    return {
      run: (iterations) =>
        new Promise((resolve) => {
          const { worker, waiting } = members[next];
          next = (next + 1) % workers;
          waiting.push(resolve);
          worker.postMessage(iterations);
        }),
      stop: async () => {
        await Promise.all(members.map(({ worker }) => worker.terminate()));
      },
    };
  },
};
