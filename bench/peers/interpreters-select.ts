/** This package's `select`, beside plain gets. */

import type { Queue } from "interpreters";
import type { OneWayMaker } from "./link.js";
import { checkLast } from "./payloads.js";

const load = async () => {
  const package_ = await import("interpreters");
  const [queues, selects] = [
    package_.fromModule<typeof import("./queue-tasks.js")>(new URL("./queue-tasks.js", import.meta.url)),
    package_.fromModule<typeof import("./select-tasks.js")>(new URL("./select-tasks.js", import.meta.url)),
  ];
  return { ...package_, queues, selects };
};
type Loaded = Awaited<ReturnType<typeof load>>;
type Interp = ReturnType<Loaded["create"]>;

/** Items. Lets a producer run ahead, but only this far. */
const BOUND = 4096;

function between(
  name: string,
  consume: (loaded: Loaded, consumer: Interp, queue: Queue<unknown>, count: number) => Promise<unknown>,
): OneWayMaker {
  return {
    name: `interpreters: ${name}`,
    ours: true,
    async make(kind) {
      const loaded = await load();
      const queue = loaded.createQueue<unknown>(BOUND);
      const [producer, consumer] = [loaded.create(), loaded.create()];
      return {
        async send(count) {
          const [last] = await Promise.all([
            consume(loaded, consumer, queue, count),
            producer.call(loaded.queues.produce, queue, kind, count),
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

export const selectsAndGets: readonly OneWayMaker[] = [
  between("getSync", ({ queues }, consumer, ...args) => consumer.call(queues.consume, ...args)),
  between("selectSync, 2 queues", ({ selects }, consumer, ...args) =>
    consumer.call(selects.consumeSelecting, ...args),
  ),
  between("await get", ({ queues }, consumer, ...args) => consumer.call(queues.consumeAsync, ...args)),
  between("await select, 2 queues", ({ selects }, consumer, ...args) =>
    consumer.call(selects.consumeSelectingAsync, ...args),
  ),
];

/** How long the puts take while so many wait in the consumer: the putter's own time, in microseconds a put. */
export async function putsBeside(waiters: number, selects: boolean, count: number): Promise<number> {
  const loaded = await load();
  const queue = loaded.createQueue<unknown>();
  const [producer, consumer] = [loaded.create(), loaded.create()];
  const consumed = consumer.call(loaded.selects.consumeBeside, queue, count, waiters, selects);
  const time = await producer.call(
    (queue: Queue<unknown>, count: number) => {
      // Not before the others wait.
      const wait = new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(wait, 0, 0, 200);
      const began = performance.now();
      for (let i = 0; i < count; i += 1) queue.putSync(i);
      return performance.now() - began;
    },
    queue,
    count,
  );
  await consumed;
  await Promise.all([producer.close(), consumer.close()]);
  return (time * 1e3) / count;
}
