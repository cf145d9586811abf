/** The functions that run in an interpreter that selects between queues. */

import { createQueue, onGet, type Queue, select, selectSync } from "interpreters";

/** Gets `count` items by selects between the queue and one that stays empty. Returns the last. */
export function consumeSelecting(queue: Queue<unknown>, count: number): unknown {
  const cases = [onGet(queue), onGet(createQueue())];
  let last: unknown;
  for (let i = 0; i < count; i += 1) last = selectSync(cases).value;
  return last;
}

export async function consumeSelectingAsync(queue: Queue<unknown>, count: number): Promise<unknown> {
  const cases = [onGet(queue), onGet(createQueue())];
  let last: unknown;
  for (let i = 0; i < count; i += 1) last = (await select(cases)).value;
  return last;
}

/** `waiters` loops on one event loop get `count` items in all. Returns the last. */
export async function consumeBeside(
  queue: Queue<unknown>,
  count: number,
  waiters: number,
  selects: boolean,
): Promise<unknown> {
  const cases = [onGet(queue), onGet(createQueue())];
  let [asked, last]: [number, unknown] = [0, undefined];
  const loop = async (): Promise<void> => {
    while (asked < count) {
      asked += 1;
      const item = selects ? (await select(cases)).value : await queue.get();
      // Those that wait get the items in order.
      last = item;
    }
  };
  await Promise.all(Array.from({ length: waiters }, loop));
  return last;
}
