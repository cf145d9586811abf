/** The functions that run in interpreters at the far end of a queue. */

import type { Queue } from "interpreters";
import { payloads, type PayloadKind } from "./payloads.js";

export function produce(queue: Queue<unknown>, kind: PayloadKind, count: number): void {
  const payload = payloads[kind];
  for (let i = 0; i < count; i += 1) queue.putSync(payload(i));
}

/** Returns the last message: if it is the last one sent, none was lost or duplicated. */
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

/** Items that the batch operations put or get under one lock. */
const BATCH = 256;

export function produceMany(queue: Queue<unknown>, kind: PayloadKind, count: number): void {
  const payload = payloads[kind];
  for (let i = 0; i < count; i += BATCH) {
    const size = Math.min(BATCH, count - i);
    queue.putManySync(Array.from({ length: size }, (_, k) => payload(i + k)));
  }
}

export function consumeMany(queue: Queue<unknown>, count: number): unknown {
  let last: unknown;
  for (let left = count; left > 0;) {
    const items = queue.getManySync(Math.min(BATCH, left));
    left -= items.length;
    last = items.at(-1);
  }
  return last;
}

/** A consumer among several: reports that it is ready, gets until the queue is shut down, and returns how many it got. */
export function consumeShare(ready: Queue<number>, queue: Queue<unknown>): number {
  ready.putSync(1);
  for (let count = 0; ; count += 1) {
    try {
      queue.getSync();
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ERR_QUEUE_SHUT_DOWN") throw error;
      return count;
    }
  }
}

export function echo(inbox: Queue<unknown>, outbox: Queue<unknown>, count: number): void {
  for (let i = 0; i < count; i += 1) outbox.putSync(inbox.getSync());
}

export async function echoAsync(inbox: Queue<unknown>, outbox: Queue<unknown>, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await outbox.put(await inbox.get());
}
