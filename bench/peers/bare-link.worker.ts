/** The far end of the bare links: takes orders on its parent's port, and carries them out on the port in its `workerData`. */

import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { receiveOn, sendOn, TO_MAIN, TO_WORKER } from "./blocking-port.js";
import { payloads, type PayloadKind } from "./payloads.js";

export interface LinkData {
  readonly port: MessagePort;
  readonly counters: Int32Array;
}

export type LinkOrder =
  /** Receive `count` messages, then reply with the last one. */
  | { readonly kind: "consume"; readonly count: number }
  /** Send `count` messages. */
  | { readonly kind: "produce"; readonly count: number; readonly payload: PayloadKind }
  /** Send every message back, forever. */
  | { readonly kind: "echo" }
  /** Send `count` messages back, and block for each. */
  | { readonly kind: "echo-blocking"; readonly count: number }
  /** The same with a counter alone: the cost of parking and waking a thread, when every wait parks. */
  | { readonly kind: "echo-futex"; readonly count: number };

const { port, counters } = workerData as LinkData;
const control = parentPort!;

function consume(count: number): void {
  let left = count;
  port.on("message", function receive(value: unknown) {
    left -= 1;
    if (left > 0) return;
    port.off("message", receive);
    control.postMessage(value);
  });
}

function echoFutex(count: number): void {
  let expected = Atomics.load(counters, TO_MAIN);
  for (let i = 0; i < count; i += 1) {
    while (Atomics.load(counters, TO_WORKER) === expected) Atomics.wait(counters, TO_WORKER, expected);
    expected = (expected + 1) | 0;
    Atomics.store(counters, TO_MAIN, expected);
    Atomics.notify(counters, TO_MAIN);
  }
}

control.on("message", (order: LinkOrder) => {
  switch (order.kind) {
    case "consume":
      consume(order.count);
      break;
    case "produce": {
      const payload = payloads[order.payload];
      for (let i = 0; i < order.count; i += 1) port.postMessage(payload(i));
      break;
    }
    case "echo":
      port.on("message", (value: unknown) => port.postMessage(value));
      break;
    case "echo-blocking":
      for (let i = 0; i < order.count; i += 1) {
        sendOn(port, counters, TO_MAIN, receiveOn(port, counters, TO_WORKER));
      }
      break;
    case "echo-futex":
      echoFutex(order.count);
      break;
  }
});
