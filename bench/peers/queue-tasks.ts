/** What interpreters do at the far end of a queue. */

import type { Queue } from "interpreters";
import { payloads, type PayloadKind } from "./payloads.js";

export function produce(queue: Queue<unknown>, kind: PayloadKind, count: number): void {
  const payload = payloads[kind];
  for (let i = 0; i < count; i += 1) queue.putSync(payload(i));
}

/** The last message is the answer: when it is the one that was sent last, none was lost or doubled on the way. */
export function consume(queue: Queue<unknown>, count: number): unknown {
  let last: unknown;
  for (let i = 0; i < count; i += 1) last = queue.getSync();
  return last;
}

export async function consumeAsync(queue: Queue<unknown>, count: number): Promise<unknown> {
  let last: unknown;
  for (let i = 0; i < count; i += 1) last = await queue.get();
  return last;
}

export function echo(inbox: Queue<unknown>, outbox: Queue<unknown>, count: number): void {
  for (let i = 0; i < count; i += 1) outbox.putSync(inbox.getSync());
}

export async function echoAsync(inbox: Queue<unknown>, outbox: Queue<unknown>, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await outbox.put(await inbox.get());
}
