/** The functions that run in workers and interpreters, besides those of the other benchmarks. */

import type { Queue } from "interpreters";

/** A row as a database driver returns it. */
export interface Row {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly active: boolean;
}

export const rows = (count: number): Row[] =>
  Array.from({ length: count }, (_, id) => ({
    id,
    name: `item ${id}`,
    price: id * 1.25,
    active: id % 2 === 0,
  }));

/** Puts and gets `count` items on a queue that no other interpreter uses. */
export function putAndGet(queue: Queue<number>, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) {
    queue.putSync(1);
    sum += queue.getSync() as number;
  }
  return sum;
}

/** Items that one batch operation puts or gets at most. */
export const BATCH = 1024;

export function consumeBatches(queue: Queue<number>, count: number): number {
  let last = -1;
  for (let left = count; left > 0;) {
    const items = queue.getManySync(Math.min(BATCH, left));
    left -= items.length;
    last = items.at(-1) as number;
  }
  return last;
}

/** Values like those of real programs, to send before the measurement, so that the engine has seen more than numbers at both ends. */
export const ASSORTED: readonly unknown[] = [
  "a string",
  "another string, with a non-ASCII letter: ü",
  { id: 1, name: "item", ready: true },
  { type: "event", at: 1.5, tags: ["a", "b"], nested: { deep: null } },
  [1, "two", { three: 3 }],
  rows(3),
  new Map([["key", 1]]),
  new Date(0),
  new Uint8Array(100),
  12345678901234567890n,
  undefined,
  true,
];

/** Sends each item back. */
export function echoAll(inbox: Queue<unknown>, outbox: Queue<unknown>, count: number): void {
  for (let i = 0; i < count; i += 1) outbox.putSync(inbox.getSync());
}

export const same = (value: unknown): unknown => value;
