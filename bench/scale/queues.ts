/** Contenders for queues: one shared by many, one each, one between each pair, and one way out of the main thread. */

import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { counted, type Contender, type Session } from "../harness.js";
import { portBetweenWorkers } from "../peers/bare-link.js";
import type { LinkData } from "../peers/bare-link.worker.js";
import { crowd, queueBetweenInterpreters } from "../peers/interpreters-queue.js";
import type { OneWay, OneWayMaker } from "../peers/link.js";
import { ASSORTED, BATCH } from "./tasks.js";

const load = async () => {
  const package_ = await import("interpreters");
  const tasks = package_.fromModule<typeof import("./tasks.js")>(new URL("./tasks.js", import.meta.url));
  const { consume } = package_.fromModule<typeof import("../peers/queue-tasks.js")>(
    new URL("../peers/queue-tasks.js", import.meta.url),
  );
  return { ...package_, tasks, consume };
};

/** Items of a round. */
interface Items {
  readonly full: number;
  readonly quick: number;
}

/** From one thread to one other. */
const ONE_WAY: Items = { full: 1_000_000, quick: 200_000 };

/**
 * Rounds of a fixed number of items. Calibrating a round to a given time needs trials with few items, which say little, because the threads
 * start at different times. Warming up is one such round.
 */
function fixed(
  run: (count: number) => Promise<void>,
  stop: () => void | Promise<void>,
  items: Items = ONE_WAY,
): Session {
  return {
    ...counted("ops/s", { run, stop }, items),
    warmUp: ({ quick }) => run(quick ? items.quick : items.full),
  };
}

/** `size` producers and as many consumers on one queue. */
export function sharedQueue(size: number): Contender {
  return {
    name: "interpreters: putSync, getSync, bounded",
    ours: true,
    async start() {
      const link = await crowd(size).make("number");
      await link.send(1000 * size);
      return fixed(
        (count) => link.send(count),
        () => link.stop(),
        { full: 400_000, quick: 100_000 },
      );
    },
  };
}

/** `count` interpreters that each put and get on a queue of their own. */
export function ownQueues(count: number): Contender {
  return {
    name: "interpreters: putSync, getSync",
    ours: true,
    async start() {
      const { create, createQueue, tasks } = await load();
      const each = Array.from({ length: count }, () => ({
        interp: create(),
        queue: createQueue<number>(),
      }));
      return fixed(
        async (total) => {
          const share = Math.ceil(total / count);
          const sums = await Promise.all(
            each.map(({ interp, queue }) => interp.call(tasks.putAndGet, queue, share)),
          );
          if (sums.some((sum) => sum !== share))
            throw new Error(`put ${share} items each, got ${sums.join()}`);
        },
        async () => {
          await Promise.all(each.map(({ interp }) => interp.close({ wait: true })));
        },
        { full: 1_000_000 * count, quick: 200_000 * count },
      );
    },
  };
}

/** `count` pairs at work at the same time, each as `maker` connects two threads. */
function pairs({ name, ours = false, make }: OneWayMaker, count: number): Contender {
  return {
    name,
    ours,
    async start(): Promise<Session> {
      const links: OneWay[] = await Promise.all(Array.from({ length: count }, () => make("number")));
      return fixed(
        async (total) => {
          await Promise.all(links.map((link) => link.send(Math.ceil(total / count))));
        },
        async () => {
          for (const link of links) await link.stop();
        },
        { full: 500_000 * count, quick: 100_000 * count },
      );
    },
  };
}

export const pairContenders = (count: number): Contender[] =>
  [queueBetweenInterpreters, portBetweenWorkers].map((maker) => pairs(maker, count));

/**
 * Numbers from the main thread to an interpreter. `used`: the process has already used queues for other values, and calls, as a real
 * program has. `batch`: `putMany` and `getMany` instead of one item at a time.
 */
function fromMain(used: boolean, batch: boolean): Contender {
  return {
    name: batch ? "interpreters: putManySync, getManySync" : "interpreters: putNowait, getSync",
    ours: true,
    async start() {
      const { create, createQueue, tasks, consume } = await load();
      const interp = create();
      if (used) {
        const [there, back] = [createQueue<unknown>(), createQueue<unknown>()];
        for (let round = 0; round < 300; round += 1) {
          const done = interp.call(tasks.echoAll, there, back, ASSORTED.length);
          for (const item of ASSORTED) there.putSync(item);
          for (let i = 0; i < ASSORTED.length; i += 1) back.getSync();
          await done;
          await interp.call(tasks.same, ASSORTED[round % ASSORTED.length]);
        }
      }
      const queue = createQueue<number>();
      const items = Array.from({ length: BATCH }, (_, i) => i);
      const run = async (count: number): Promise<void> => {
        const done = batch
          ? interp.call(tasks.consumeBatches, queue, count)
          : interp.call(consume, queue, count);
        if (batch) for (let i = 0; i < count; i += BATCH) queue.putManySync(items.slice(0, count - i));
        else for (let i = 0; i < count; i += 1) queue.putNowait(i & (BATCH - 1));
        const last = await done;
        if (last !== ((count - 1) & (BATCH - 1))) throw new Error(`the last item was ${String(last)}`);
      };
      return fixed(run, () => interp.close({ wait: true }));
    },
  };
}

function portFromMain(used: boolean): Contender {
  return {
    name: "bare MessagePort",
    async start() {
      const { port1: port, port2 } = new MessageChannel();
      const workerData: LinkData = { port: port2, counters: new Int32Array(new SharedArrayBuffer(8)) };
      const worker = new Worker(new URL("../peers/bare-link.worker.js", import.meta.url), {
        workerData,
        transferList: [port2],
      });
      const send = async (items: Iterable<unknown>, count: number): Promise<unknown> => {
        const done = once(worker, "message");
        worker.postMessage({ kind: "consume", count });
        for (const item of items) port.postMessage(item);
        const [last] = (await done) as [unknown];
        return last;
      };
      if (used) for (let round = 0; round < 300; round += 1) await send(ASSORTED, ASSORTED.length);
      const run = async (count: number): Promise<void> => {
        const done = once(worker, "message");
        worker.postMessage({ kind: "consume", count });
        for (let i = 0; i < count; i += 1) port.postMessage(i & (BATCH - 1));
        const [last] = (await done) as [unknown];
        if (last !== ((count - 1) & (BATCH - 1))) throw new Error(`the last item was ${String(last)}`);
      };
      return fixed(run, async () => {
        await worker.terminate();
      });
    },
  };
}

export const oneWayContenders = (used: boolean, batch: boolean): Contender[] => [
  fromMain(used, batch),
  portFromMain(used),
];
