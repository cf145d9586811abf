/** Links built from Node alone: a `MessagePort`, or counters in shared memory. */

import { once } from "node:events";
import { MessageChannel, Worker, type MessagePort } from "node:worker_threads";
import type { LinkData, LinkOrder } from "./bare-link.worker.js";
import { receiveOn, sendOn, TO_MAIN, TO_WORKER } from "./blocking-port.js";
import type { OneWayMaker, PingPongMaker } from "./link.js";
import { checkEcho, checkLast, payloads } from "./payloads.js";

function startWorker(port: MessagePort, counters: Int32Array) {
  const workerData: LinkData = { port, counters };
  const worker = new Worker(new URL("./bare-link.worker.js", import.meta.url), {
    workerData,
    transferList: [port],
  });
  return {
    worker,
    order: (order: LinkOrder): void => worker.postMessage(order),
    stop: async (): Promise<void> => {
      await worker.terminate();
    },
  };
}

/** Starts a worker at the other end of its own channel. */
function startLink() {
  const counters = new Int32Array(new SharedArrayBuffer(8));
  const { port1: port, port2 } = new MessageChannel();
  return { port, counters, ...startWorker(port2, counters) };
}

export const portFromMain: OneWayMaker = {
  name: "bare MessagePort",
  async make(kind) {
    const { port, worker, order, stop } = startLink();
    const payload = payloads[kind];
    return {
      async send(count) {
        const done = once(worker, "message");
        order({ kind: "consume", count });
        for (let i = 0; i < count; i += 1) port.postMessage(payload(i));
        const [last] = (await done) as [unknown];
        checkLast(last, kind, count);
      },
      stop,
    };
  },
};

export const portBetweenWorkers: OneWayMaker = {
  name: "bare MessagePort",
  async make(kind) {
    const { port1, port2 } = new MessageChannel();
    const counters = new Int32Array(new SharedArrayBuffer(8));
    const producer = startWorker(port1, counters);
    const consumer = startWorker(port2, counters);
    return {
      async send(count) {
        const done = once(consumer.worker, "message");
        consumer.order({ kind: "consume", count });
        producer.order({ kind: "produce", count, payload: kind });
        const [last] = (await done) as [unknown];
        checkLast(last, kind, count);
      },
      async stop() {
        await Promise.all([producer.stop(), consumer.stop()]);
      },
    };
  },
};

export const portEcho: PingPongMaker = {
  name: "bare MessagePort",
  async make() {
    const { port, order, stop } = startLink();
    order({ kind: "echo" });
    return {
      run: (count) =>
        new Promise<void>((resolve) => {
          let left = count;
          port.on("message", function next(value: unknown) {
            checkEcho(value, left);
            left -= 1;
            if (left > 0) {
              port.postMessage(left);
              return;
            }
            port.off("message", next);
            resolve();
          });
          port.postMessage(left);
        }),
      stop,
    };
  },
};

export const portEchoBlocking: PingPongMaker = {
  name: "MessagePort + receiveMessageOnPort + Atomics",
  async make() {
    const { port, counters, order, stop } = startLink();
    return {
      run(count) {
        order({ kind: "echo-blocking", count });
        for (let i = 0; i < count; i += 1) {
          sendOn(port, counters, TO_WORKER, i);
          checkEcho(receiveOn(port, counters, TO_MAIN), i);
        }
      },
      stop,
    };
  },
};

export const futexEcho: PingPongMaker = {
  name: "Atomics.wait and notify alone, no data, no spinning",
  async make() {
    const { counters, order, stop } = startLink();
    return {
      run(count) {
        order({ kind: "echo-futex", count });
        let expected = Atomics.load(counters, TO_WORKER);
        for (let i = 0; i < count; i += 1) {
          const seen = expected;
          expected = (expected + 1) | 0;
          Atomics.store(counters, TO_WORKER, expected);
          Atomics.notify(counters, TO_WORKER);
          while (Atomics.load(counters, TO_MAIN) === seen) Atomics.wait(counters, TO_MAIN, seen);
        }
      },
      stop,
    };
  },
};
