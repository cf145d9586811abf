/** This package's queues, used in each of the ways it offers. */

import type { Queue } from "interpreters";
import type { OneWayMaker, PingPongMaker } from "./link.js";
import { checkEcho, checkLast, payloads } from "./payloads.js";

const load = async () => {
  const package_ = await import("interpreters");
  const tasks = package_.fromModule<typeof import("./queue-tasks.js")>(
    new URL("./queue-tasks.js", import.meta.url),
  );
  return { ...package_, tasks };
};
type Tasks = Awaited<ReturnType<typeof load>>["tasks"];

/** Items. Lets a producer run ahead, but only this far. */
const BOUND = 4096;

type Payload = (index: number) => unknown;
type Send = (queue: Queue<unknown>, payload: Payload, count: number) => void | Promise<void>;

function fromMain(name: string, consumer: "consume" | "consumeAsync", bound: number, send: Send) {
  return {
    name,
    ours: true,
    async make(kind) {
      const { create, createQueue, tasks } = await load();
      const queue = createQueue<unknown>(bound);
      const interp = create();
      const payload = payloads[kind];
      return {
        async send(count) {
          const done = interp.call(tasks[consumer], queue, count);
          await send(queue, payload, count);
          checkLast(await done, kind, count);
        },
        stop: () => interp.close({ wait: true }),
      };
    },
  } satisfies OneWayMaker;
}

export const queueFromMain: readonly OneWayMaker[] = [
  fromMain("interpreters: putNowait, getSync", "consume", 0, (queue, payload, count) => {
    for (let i = 0; i < count; i += 1) queue.putNowait(payload(i));
  }),
  fromMain("interpreters: putSync, getSync, bounded", "consume", BOUND, (queue, payload, count) => {
    for (let i = 0; i < count; i += 1) queue.putSync(payload(i));
  }),
  fromMain(
    "interpreters: await put, await get, bounded",
    "consumeAsync",
    BOUND,
    async (queue, payload, count) => {
      for (let i = 0; i < count; i += 1) await queue.put(payload(i));
    },
  ),
];

function betweenInterpreters(
  name: string,
  produce: "produce" | "produceMany",
  consume: "consume" | "consumeMany",
): OneWayMaker {
  return {
    name,
    ours: true,
    async make(kind) {
      const { create, createQueue, tasks } = await load();
      const queue = createQueue<unknown>(BOUND);
      const producer = create();
      const consumer = create();
      return {
        async send(count) {
          const [last] = await Promise.all([
            consumer.call(tasks[consume], queue, count),
            producer.call(tasks[produce], queue, kind, count),
          ]);
          checkLast(last, kind, count);
        },
        async stop() {
          await Promise.all([producer.close({ wait: true }), consumer.close({ wait: true })]);
        },
      };
    },
  };
}

export const queueBetweenInterpreters = betweenInterpreters(
  "interpreters: putSync, getSync, bounded",
  "produce",
  "consume",
);
export const manyBetweenInterpreters = betweenInterpreters(
  "interpreters: putManySync, getManySync, bounded",
  "produceMany",
  "consumeMany",
);

/** `size` producers and as many consumers on one queue. Each producer puts an equal part of the items. */
export function crowd(size: number): OneWayMaker {
  return {
    name: `interpreters: ${size} + ${size} on one queue`,
    ours: true,
    async make(kind) {
      const { create, createQueue, tasks } = await load();
      const queue = createQueue<unknown>(BOUND);
      const producers = Array.from({ length: size }, () => create());
      const consumers = Array.from({ length: size }, () => create());
      return {
        async send(count) {
          const part = Math.ceil(count / size);
          await Promise.all([
            ...consumers.map((interp) => interp.call(tasks.consume, queue, part)),
            ...producers.map((interp) => interp.call(tasks.produce, queue, kind, part)),
          ]);
        },
        async stop() {
          await Promise.all([...producers, ...consumers].map((interp) => interp.close({ wait: true })));
        },
      };
    },
  };
}

/**
 * Returns what the least served of `size` consumers got, in percent of an equal share. `count` items come one at a time, so all
 * consumers but one wait.
 */
export async function leastShare(size: number, count: number): Promise<number> {
  const { create, createQueue, tasks } = await load();
  const queue = createQueue<unknown>();
  const ready = createQueue<number>();
  const consumers = Array.from({ length: size }, () => create());
  const shares = Promise.all(consumers.map((interp) => interp.call(tasks.consumeShare, ready, queue)));
  for (let i = 0; i < size; i += 1) await ready.get();
  for (let i = 0; i < count; i += 1) {
    queue.putNowait(i);
    while (queue.qsize() > 0);
  }
  queue.shutdown();
  const least = Math.min(...(await shares));
  await Promise.all(consumers.map((interp) => interp.close({ wait: true })));
  return (least * size * 100) / count;
}

/** Puts `depth` items and then gets them, in one thread, until `count` items are through. */
export async function fillAndDrain(depth: number): Promise<(count: number) => void> {
  const { createQueue } = await load();
  const queue = createQueue<unknown>();
  return (count) => {
    for (let done = 0; done < count; done += depth) {
      for (let i = 0; i < depth; i += 1) queue.putNowait(i);
      for (let i = 0; i < depth; i += 1) queue.getNowait();
    }
  };
}

type Run = (there: Queue<unknown>, back: Queue<unknown>, count: number) => void | Promise<void>;

function pingPong(
  name: string,
  echo: (tasks: Tasks) => Tasks["echo"] | Tasks["echoAsync"],
  run: Run,
): PingPongMaker {
  return {
    name,
    ours: true,
    async make() {
      const { create, createQueue, tasks } = await load();
      const there = createQueue<unknown>();
      const back = createQueue<unknown>();
      const interp = create();
      const partner = echo(tasks);
      return {
        async run(count) {
          const done = interp.call(partner, there, back, count);
          await run(there, back, count);
          await done;
        },
        stop: () => interp.close({ wait: true }),
      };
    },
  };
}

export const queueEchoBlocking = pingPong(
  "interpreters: putSync, getSync",
  ({ echo }) => echo,
  (there, back, count) => {
    for (let i = 0; i < count; i += 1) {
      there.putSync(i);
      checkEcho(back.getSync(), i);
    }
  },
);

export const queueEcho = pingPong(
  "interpreters: await put, await get",
  ({ echoAsync }) => echoAsync,
  async (there, back, count) => {
    for (let i = 0; i < count; i += 1) {
      await there.put(i);
      checkEcho(await back.get(), i);
    }
  },
);
