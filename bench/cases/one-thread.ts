/** A queue within one thread: the cost of a message when no thread must be woken, beside other ways to copy it. */

import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { deserialize, serialize } from "node:v8";
import { counted, repeated, type Case, type Contender } from "../harness.js";
import { fillAndDrain } from "../peers/interpreters-queue.js";
import { payloads } from "../peers/payloads.js";

/** Copies one message `count` times. */
type Copier = (message: unknown) => unknown;

const copying = (name: string, make: () => Copier | Promise<Copier>, ours = false): Contender => ({
  name,
  ours,
  async start() {
    const copy = await make();
    const payload = payloads.object;
    return repeated("µs", {
      run(count) {
        for (let i = 0; i < count; i += 1) copy(payload(i));
      },
      stop: () => {},
    });
  },
});

const filling = (depth: number): Contender => ({
  name: `interpreters: ${depth.toLocaleString("en-US")} queued`,
  ours: true,
  async start() {
    const run = await fillAndDrain(depth);
    run(1_000_000);
    return counted("µs", { run, stop: () => {} }, { full: 2_000_000, quick: 1_000_000 });
  },
});

export const oneThreadCases: readonly Case[] = [
  {
    id: "queue-put-get",
    title: "Queue, put and get in one thread, { id, name, ready }",
    unit: "µs",
    contenders: [
      copying(
        "interpreters: putNowait, getNowait",
        async () => {
          const queue = (await import("interpreters")).createQueue<unknown>();
          return (message) => {
            queue.putNowait(message);
            return queue.getNowait();
          };
        },
        true,
      ),
      copying("structuredClone", () => structuredClone),
      copying("v8.serialize, deserialize", () => (message) => deserialize(serialize(message)) as unknown),
      copying("bare MessagePort, receiveMessageOnPort", () => {
        const { port1, port2 } = new MessageChannel();
        return (message) => {
          port1.postMessage(message);
          return receiveMessageOnPort(port2)?.message as unknown;
        };
      }),
    ],
  },
  {
    id: "queue-depth",
    title: "Queue, put and get in one thread, numbers, at different depths",
    unit: "µs",
    contenders: [filling(1_000_000), filling(1_000)],
  },
];
