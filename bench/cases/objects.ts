/** Methods of an object in another thread, and functions that are called back. */

import { Worker } from "node:worker_threads";
import { pipelined, repeated, type Case, type Contender } from "../harness.js";
import type { Counter } from "../peers/counter.js";

const IN_FLIGHT = 100;
/** Calls back for each call. */
const BACK = 50;

async function construct() {
  const { create, fromModule } = await import("interpreters");
  const { Counter } = fromModule<typeof import("../peers/counter.js")>(
    new URL("../peers/counter.js", import.meta.url),
  );
  const interp = create();
  const counter = await interp.construct(Counter);
  return { counter, stop: () => interp.close({ wait: true }) };
}

const ours = (
  name: string,
  run: (counter: Awaited<ReturnType<typeof construct>>["counter"], count: number) => void | Promise<void>,
): Contender => ({
  name: `interpreters: ${name}`,
  ours: true,
  async start() {
    const { counter, stop } = await construct();
    return repeated("µs", { run: (count) => run(counter, count), stop });
  },
});

async function comlinkCounter() {
  const { proxy, wrap } = await import("comlink/dist/esm/comlink.mjs");
  const { default: nodeEndpoint } = await import("comlink/dist/esm/node-adapter.mjs");
  const worker = new Worker(new URL("../peers/comlink.worker.js", import.meta.url));
  const Remote = wrap<typeof Counter>(nodeEndpoint(worker));
  const counter = await new Remote();
  const stop = async (): Promise<void> => {
    await worker.terminate();
  };
  return { counter, proxy, stop };
}

const comlink = (
  run: (peer: Awaited<ReturnType<typeof comlinkCounter>>, count: number) => Promise<void>,
): Contender => ({
  name: "comlink",
  async start() {
    const peer = await comlinkCounter();
    return repeated("µs", { run: (count) => run(peer, count), stop: peer.stop });
  },
});

export const objectCases: readonly Case[] = [
  {
    id: "method-await",
    title: "A method of an object in another thread, one call after the other",
    unit: "µs",
    contenders: [
      ours("await counter.add(n)", async (counter, count) => {
        for (let i = 0; i < count; i++) await counter.add(i);
      }),
      comlink(async ({ counter }, count) => {
        for (let i = 0; i < count; i++) await counter.add(i);
      }),
    ],
  },
  {
    id: "method-flight",
    title: `The same, ${IN_FLIGHT} calls in flight`,
    unit: "µs",
    contenders: [
      ours("counter.add(n)", (counter, count) => pipelined(count, IN_FLIGHT, () => counter.add(1))),
      comlink(({ counter }, count) => pipelined(count, IN_FLIGHT, () => counter.add(1))),
    ],
  },
  {
    id: "method-sync",
    title: "The same, blocking (comlink: one call after the other)",
    unit: "µs",
    contenders: [
      ours("counter.add.sync(n)", (counter, count) => {
        for (let i = 0; i < count; i++) counter.add.sync(i);
      }),
      comlink(async ({ counter }, count) => {
        for (let i = 0; i < count; i++) await counter.add(i);
      }),
    ],
  },
  {
    id: "callback",
    title: `A call that calls back ${BACK} times, one after the other`,
    unit: "µs",
    contenders: [
      ours("await callback", async (counter, count) => {
        const { callback } = await import("interpreters");
        const report = callback((n: number) => n);
        for (let i = 0; i < count; i++) await counter.callBack(report, BACK);
      }),
      ours("callback.sync", async (counter, count) => {
        const { callback } = await import("interpreters");
        const report = callback((n: number) => n);
        for (let i = 0; i < count; i++) await counter.callBackSync(report, BACK);
      }),
      ours("callback.sync into a blocked caller", async (counter, count) => {
        const { callback } = await import("interpreters");
        const report = callback((n: number) => n);
        for (let i = 0; i < count; i++) counter.callBackSync.sync(report, BACK);
      }),
      comlink(async ({ counter, proxy }, count) => {
        const report = proxy(async (n: number) => n);
        for (let i = 0; i < count; i++) await counter.callBack(report, BACK);
      }),
    ],
  },
];
