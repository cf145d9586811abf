/**
 * Bare workers and their ports, used in turn: the cost of Node itself, without a pool's book-keeping.
 * A worker replies in the order of its tasks, so replies need no numbers.
 */

import { Worker } from "node:worker_threads";
import type { PoolMaker } from "./pool.js";
import type { Task } from "./work.js";

const NOTHING: ArrayBuffer[] = [];

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
    const send = (task: Task | ArrayBuffer, transferList: ArrayBuffer[]): Promise<unknown> =>
      new Promise((resolve) => {
        const { worker, waiting } = members[next];
        next = (next + 1) % workers;
        waiting.push(resolve);
        worker.postMessage(task, transferList);
      });
    return {
      run: (task) => send(task, NOTHING),
      transfer: async (buffer) => (await send(buffer, [buffer])) as ArrayBuffer,
      stop: async () => {
        await Promise.all(members.map(({ worker }) => worker.terminate()));
      },
    };
  },
};
