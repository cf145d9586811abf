/** A blocking call of an empty function in another thread. */

import { repeated, type Case, type Contender } from "../harness.js";
import { portEchoBlocking } from "../peers/bare-link.js";
import type { work } from "../peers/work.js";

const ours: Contender = {
  name: "interpreters: interp.callSync",
  ours: true,
  async start() {
    const { create, fromModule } = await import("interpreters");
    const tasks = fromModule<typeof import("../peers/work.js")>(new URL("../peers/work.js", import.meta.url));
    const interp = create();
    return repeated("µs", {
      run(count) {
        for (let i = 0; i < count; i += 1) interp.callSync(tasks.work, 0);
      },
      stop: () => interp.close({ wait: true }),
    });
  },
};

const synckit: Contender = {
  name: "synckit",
  async start() {
    const { createSyncFn } = await import("synckit");
    const workSync = createSyncFn<typeof work>(new URL("../peers/synckit.worker.js", import.meta.url));
    return repeated("µs", {
      run(count) {
        for (let i = 0; i < count; i += 1) workSync(0);
      },
      // synckit has no way to stop its worker; it does not keep the process alive.
      stop: () => undefined,
    });
  },
};

const byHand: Contender = {
  name: portEchoBlocking.name,
  async start() {
    const link = await portEchoBlocking.make();
    return repeated("µs", { run: (count) => link.run(count), stop: () => link.stop() });
  },
};

export const callSyncCases: readonly Case[] = [
  {
    id: "call-sync",
    title: "Blocking call of an empty function",
    unit: "µs",
    contenders: [ours, synckit, byHand],
  },
];
