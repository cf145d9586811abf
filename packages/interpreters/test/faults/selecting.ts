/** Producers and consumers that select between two queues until they are killed. selects.test.ts runs them in interpreters. */
import { setImmediate as turn } from "node:timers/promises";
import { onGet, onPut, type Queue, QueueShutDown, select, selectSync } from "interpreters";
import { burn, type Fuse, ledger } from "./victims.js";

/** producer, number, the index of the queue into which it was put, padding */
export type Item = readonly [number, number, 0 | 1, string];
export type Items = Queue<Item, never>;
/** consumer, the index of the case that had the item, the item */
export type Report = readonly [number, 0 | 1, Item];

const kindOf = (n: number): number => Math.imul(n, 0x9e3779b1) >>> 16;

/** Puts items into either queue, without end, or `count` of them, and notes in the ledger how many were put. */
export async function produce(
  a: Items,
  b: Items,
  producer: number,
  count: number,
  seed: number,
  fuse: Fuse,
): Promise<void> {
  for (let i = 0; i !== count; i++) {
    const kind = kindOf(seed + i);
    const padding = "x".repeat(kind % 16 === 0 ? 3000 + (kind % 9000) : kind % 50);
    const cases = [onPut(a, [producer, i, 0, padding]), onPut(b, [producer, i, 1, padding])] as const;
    const options = { default: true, ...(kind % 3 !== 0 && { timeout: kind % 5 }) } as const;
    if (kind % 4 === 0) selectSync(cases);
    else if (kind % 4 === 1) await select(cases);
    else {
      const { index } = kind % 4 === 2 ? selectSync(cases, options) : await select(cases, options);
      if (index === -1) {
        i--;
        seed++;
        continue;
      }
    }
    Atomics.store(ledger(), producer, i + 1);
    burn(fuse, i);
    if (fuse.way === "throw" && i >= fuse.steps) await turn();
  }
}

/** Gets items from either queue until one is shut down, and reports each. Several waits at once, so that they share the lines. */
export async function consume(
  a: Items,
  b: Items,
  reports: Queue<Report, never>,
  consumer: number,
  fuse: Fuse,
): Promise<void> {
  const cases = [onGet(a), onGet(b)] as const;
  let step = 0;
  const loop = async (which: number): Promise<void> => {
    for (;;) {
      // The first loop always looks into both queues.
      const kind = kindOf(step + consumer + which) % (which === 0 ? 3 : 4);
      const options = { default: true, timeout: kind + (step % 3) } as const;
      const got =
        kind === 0
          ? selectSync(cases, options)
          : kind === 1
            ? await select(cases, options)
            : kind === 2
              ? await select(cases)
              : { index: 0 as const, value: await a.get() };
      if (got.index !== -1) reports.putSync([consumer, got.index, got.value]);
      burn(fuse, step++);
      if (fuse.way === "throw" && step >= fuse.steps) await turn();
    }
  };
  const ends = await Promise.allSettled([loop(0), loop(1), loop(2)]);
  for (const end of ends) {
    if (end.status === "rejected" && !(end.reason instanceof QueueShutDown)) throw end.reason;
  }
}
