/** The messages: the smallest one, and a small object such as real programs send. */

import { deepStrictEqual } from "node:assert";

export const payloads = {
  number: (index: number): unknown => index,
  object: (index: number): unknown => ({ id: index, name: "item", ready: true }),
};

export type PayloadKind = keyof typeof payloads;

/** A receiver that counted `count` messages got all of them, in order, if its last message is the last one sent. */
export function checkLast(last: unknown, kind: PayloadKind, count: number): void {
  deepStrictEqual(last, payloads[kind](count - 1), "the receiver's last message is not the last one sent");
}

export function checkEcho(received: unknown, sent: unknown): void {
  if (received !== sent) throw new Error(`sent ${String(sent)} and got ${String(received)} back`);
}
