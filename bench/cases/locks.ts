/** Locks: what a free one costs, how often two threads that both want it get it, and whether one of many gets it less often than the others. */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { counted, repeated, type Case, type Contender, type Workload } from "../harness.js";
import type { LockOrder } from "../peers/port-lock.worker.js";

/** Acquires and releases `count` times. */
type Locking = (count: number) => void | Promise<void>;

const alone = (name: string, make: () => Locking | Promise<Locking>, ours = false): Contender => ({
  name,
  ours,
  start: async () => repeated("µs", { run: await make(), stop: () => {} }),
});

/** Two interpreters that acquire and release one lock, and do little in between. */
const ours: Contender = {
  name: "interpreters: acquireSync, release",
  ours: true,
  async start() {
    const { create, Lock } = await import("interpreters");
    const lock = new Lock();
    const total = new Int32Array(new SharedArrayBuffer(4));
    const both = [create(), create()];
    const use = (mutex: typeof lock, sum: Int32Array, count: number): void => {
      for (let i = 0; i < count; i += 1) {
        mutex.acquireSync();
        sum[0] += 1;
        mutex.release();
      }
    };
    const workload: Workload = {
      async run(count) {
        const half = Math.ceil(count / 2);
        const before = Atomics.load(total, 0);
        await Promise.all(both.map((interp) => interp.call(use, lock, total, half)));
        if (((Atomics.load(total, 0) - before) | 0) !== 2 * half) throw new Error("the lock excluded nobody");
      },
      async stop() {
        await Promise.all(both.map((interp) => interp.close()));
      },
    };
    // Their first calls, which would count else.
    await workload.run(1_000);
    return counted("µs", workload, { full: 400_000, quick: 40_000 });
  },
};

/** Two workers that ask the main thread for the lock, and block until its message comes: what Node offers without shared memory. */
const ports: Contender = {
  name: "messages to the thread that has the lock",
  async start() {
    const total = new Int32Array(new SharedArrayBuffer(4));
    const both = [1, 2].map(
      () => new Worker(new URL("../peers/port-lock.worker.js", import.meta.url), { workerData: total }),
    );
    const waiting: Worker[] = [];
    let held = false;
    for (const worker of both) {
      worker.on("message", (message: string) => {
        if (message === "acquire") waiting.push(worker);
        else if (message === "release") held = false;
        else return;
        const next = held ? undefined : waiting.shift();
        if (next === undefined) return;
        held = true;
        next.postMessage({ kind: "granted" } satisfies LockOrder);
      });
    }
    const done = async (worker: Worker): Promise<void> => {
      for (;;) if ((await once(worker, "message"))[0] === "done") return;
    };
    const workload: Workload = {
      async run(count) {
        const half = Math.ceil(count / 2);
        const all = both.map(done);
        for (const worker of both) worker.postMessage({ kind: "use", count: half } satisfies LockOrder);
        await Promise.all(all);
      },
      async stop() {
        await Promise.all(both.map((worker) => worker.terminate()));
      },
    };
    await workload.run(1_000);
    return counted("µs", workload, { full: 40_000, quick: 4_000 });
  },
};

/** Returns the share of the interpreter that acquired the lock least often while all of them wanted it, in percent of an equal share. */
async function leastShare(size: number, rounds: number): Promise<number> {
  const { Barrier, create, Lock } = await import("interpreters");
  const lock = new Lock();
  const barrier = new Barrier(size);
  /** How often each of them has acquired it, and behind these how often all of them have. */
  const counts = new Int32Array(new SharedArrayBuffer((size + 1) * Int32Array.BYTES_PER_ELEMENT));
  const interps = Array.from({ length: size }, () => create());
  const contend = (
    mutex: typeof lock,
    start: typeof barrier,
    acquired: Int32Array,
    index: number,
    most: number,
  ): void => {
    start.waitSync();
    const all = acquired.length - 1;
    for (let ended = false; !ended;) {
      mutex.acquireSync();
      ended = acquired[all] >= most;
      if (!ended) {
        acquired[all] += 1;
        acquired[index] += 1;
      }
      mutex.release();
    }
  };
  await Promise.all(interps.map((interp, i) => interp.call(contend, lock, barrier, counts, i, rounds)));
  await Promise.all(interps.map((interp) => interp.close()));
  return (100 * size * Math.min(...counts.subarray(0, size))) / rounds;
}

export const lockCases: readonly Case[] = [
  {
    id: "lock-one-thread",
    title: "Lock that nobody else wants, acquire and release",
    unit: "µs",
    contenders: [
      alone(
        "interpreters: acquireSync, release",
        async () => {
          const lock = new (await import("interpreters")).Lock();
          return (count) => {
            for (let i = 0; i < count; i += 1) {
              lock.acquireSync();
              lock.release();
            }
          };
        },
        true,
      ),
      alone(
        "interpreters: await acquire, release",
        async () => {
          const lock = new (await import("interpreters")).Lock();
          return async (count) => {
            for (let i = 0; i < count; i += 1) (await lock.acquire()).release();
          };
        },
        true,
      ),
      alone("async-mutex (one thread only)", async () => {
        const { Mutex } = await import("async-mutex");
        const mutex = new Mutex();
        return async (count) => {
          for (let i = 0; i < count; i += 1) (await mutex.acquire())();
        };
      }),
    ],
  },
  {
    id: "lock-two-threads",
    title: "Lock that two threads want all the time, acquire and release",
    unit: "µs",
    contenders: [ours, ports],
  },
  {
    id: "lock-fairness",
    title:
      "Lock that all want all the time: share of the least served interpreter, relative to an equal share",
    unit: "%",
    contenders: [2, 8].map((size) => ({
      name: `interpreters: ${size} that block`,
      ours: true,
      start: async () => ({
        round: ({ quick }) => leastShare(size, quick ? 2_000 : 50_000),
        stop: () => {},
      }),
    })),
  },
];
