/**
 * A blocking end of a `MessagePort`: the sender increments a counter in shared memory after each message, and the receiver parks
 * on it. Packages that call workers synchronously work this way.
 */

import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";

/** Indices into the shared counters, one for each direction. */
export const TO_WORKER = 0;
export const TO_MAIN = 1;

export function sendOn(port: MessagePort, counters: Int32Array, direction: number, value: unknown): void {
  port.postMessage(value);
  Atomics.add(counters, direction, 1);
  Atomics.notify(counters, direction);
}

export function receiveOn(port: MessagePort, counters: Int32Array, direction: number): unknown {
  for (;;) {
    // Load before receiving: a message that arrives in between changes the counter, and the wait returns at once.
    const seen = Atomics.load(counters, direction);
    const received = receiveMessageOnPort(port);
    if (received !== undefined) return received.message;
    Atomics.wait(counters, direction, seen);
  }
}
