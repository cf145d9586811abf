/** Many ends of one queue at the same time: every item goes to exactly one place, and no waiter is forgotten. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { create, createQueue, type Queue, QueueEmpty, UNBOUND_KEEP } from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { Chance, getters } from "../support/queues.js";
import { until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const others = [create(), create(), create(), create()];
after(() => Promise.all(others.map((interp) => interp.terminate())));

type Numbers = Queue<number, never>;
const numbers = (maxsize = 0): Numbers => createQueue<number>(maxsize, { unboundItems: UNBOUND_KEEP });

/** Puts the numbers from `from` to `to` - 1, in each form in turn, with pauses of random length; repeats puts that time out. */
async function produce(
  queue: Numbers,
  from: number,
  to: number,
  mode: "sync" | "async" | "impatient",
): Promise<void> {
  let seed = from + 1;
  for (let i = from; i < to;) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    for (let pause = (seed >> 16) % 4 === 0 ? seed % 20_000 : 0; pause > 0; pause--);
    try {
      if (mode === "sync") queue.putSync(i);
      else if (mode === "async") await queue.put(i);
      else if (seed % 2 === 0) queue.putSync(i, { timeout: (seed % 100) / 50 });
      else await queue.put(i, { timeout: seed % 3 });
    } catch (error) {
      if ((error as Error).name !== "QueueFull") throw error;
      continue;
    }
    i++;
  }
}

/** Gets items until it gets -1. */
async function consume(queue: Numbers, mode: "sync" | "async" | "impatient"): Promise<number[]> {
  const items: number[] = [];
  for (let seed = 7; ;) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    let item: number;
    try {
      if (mode === "sync") item = queue.getSync();
      else if (mode === "async") item = await queue.get();
      else if (seed % 2 === 0) item = queue.getSync({ timeout: (seed % 100) / 50 });
      else item = await queue.get({ timeout: seed % 3 });
    } catch (error) {
      if ((error as Error).name !== "QueueEmpty") throw error;
      continue;
    }
    if (item === -1) return items;
    items.push(item);
  }
}

/** Checks that each item came once, and that each consumer saw each producer's items in the order in which they were put. */
function check(taken: number[][], count: number, producers: number): void {
  const all = taken.flat().sort((a, b) => a - b);
  assert.equal(all.length, count);
  all.forEach((item, i) => assert.equal(item, i));
  const each = count / producers;
  for (const items of taken) {
    const last = new Map<number, number>();
    for (const item of items) {
      const producer = Math.floor(item / each);
      assert.ok(item > (last.get(producer) ?? -1), `${item} came after ${last.get(producer)}`);
      last.set(producer, item);
    }
  }
}

const modes = ["sync", "async", "impatient"] as const;
for (const maxsize of [0, 1, 5]) {
  describe(`with maxsize ${maxsize}`, limits, () => {
    for (const puts of modes) {
      for (const gets of modes) {
        test(`two producers (${puts}) and two consumers (${gets}) lose nothing and duplicate nothing`, async () => {
          const each = 400;
          const queue = numbers(maxsize);
          const consuming = [2, 3].map((i) => others[i].call(consume, queue, gets));
          await Promise.all(
            [0, 1].map((i) => others[i].call(produce, queue, i * each, (i + 1) * each, puts)),
          );
          await queue.put(-1);
          await queue.put(-1);
          check(await Promise.all(consuming), 2 * each, 2);
          assert.deepEqual([queue.qsize(), getters(queue)], [0, 0]);
        });
      }
    }
  });
}

test("blocked threads, event loops and both in one interpreter share a queue", limits, async () => {
  const each = 500;
  const queue = numbers(3);
  const producing = [0, 1].map((i) => others[i].call(produce, queue, i * each, (i + 1) * each, modes[i]));
  const consuming = [2, 3].map((i) => others[i].call(consume, queue, modes[i - 2]));
  const mine: number[] = [];
  let open = true;
  // Asynchronous getters wait all the time, while the same thread also blocks.
  const getting = Array.from({ length: 3 }, async () => {
    for (;;) {
      const item = await queue.get();
      if (item === -1) return;
      mine.push(item);
    }
  });
  const settled = Promise.all(producing).then(() => (open = false));
  const chance = new Chance(1);
  while (open) {
    try {
      mine.push(queue.getSync({ timeout: chance.below(3) }));
    } catch (error) {
      assert.ok(error instanceof QueueEmpty, String(error));
    }
    await turn();
  }
  await settled;
  // The getters of this event loop may take the sentinels that others need: all of them share one queue.
  for (let i = 0; i < 5; i++) await queue.put(-1);
  const taken = [...(await Promise.all(consuming)), mine];
  await Promise.all(getting);
  const all = taken.flat().sort((a, b) => a - b);
  assert.deepEqual(
    all,
    Array.from({ length: 2 * each }, (_, i) => i),
  );
});

test(
  "a blocked getter keeps its item when asynchronous getters of its thread are served as it wakes",
  limits,
  async () => {
    const queue = createQueue<string>();
    const asynchronous = queue.get();
    // Takes the part of another thread that puts twice just after this one has polled for its asynchronous getters.
    let looks = 0;
    const interfere = (): void => {
      if (looks++ > 0) return;
      queue.putNowait("one");
      queue.putNowait("two");
    };
    runtime().addPoller(interfere);
    const blocked = queue.getSync();
    runtime().removePoller(interfere);
    assert.deepEqual([blocked, await asynchronous].sort(), ["one", "two"]);
  },
);

test("asynchronous waiters go on while their thread blocks for something else", limits, async () => {
  const [queue, gate] = [numbers(), numbers()];
  const gets = [queue.get(), queue.get()];
  const putting = others[0].call(
    (q, g) => {
      q.putSync(1);
      q.putSync(2);
      while (!q.empty());
      g.putSync(3);
    },
    queue,
    gate,
  );
  // The other thread opens the gate only once both getters have their items.
  assert.equal(gate.getSync({ timeout: WATCHDOG }), 3);
  assert.deepEqual(await Promise.all(gets), [1, 2]);
  await putting;
});

test("many waiters in one interpreter and one in another all get their one item", limits, async () => {
  const queue = numbers();
  for (let round = 0; round < 30; round++) {
    const mine = Array.from({ length: 5 }, () => queue.get());
    const theirs = [others[0], others[1]].map((interp) => interp.call((q) => q.getSync(), queue));
    await until(() => getters(queue) === 3, "all wait");
    for (let i = 0; i < 7; i++) queue.putNowait(i);
    const items = await Promise.all([...mine, ...theirs]);
    assert.deepEqual(items.sort(), [0, 1, 2, 3, 4, 5, 6]);
  }
});

test("an abort in the very turn in which an item comes loses neither", limits, async () => {
  const queue = numbers(1);
  const chance = new Chance(42);
  const producing = others[0].call(produce, queue, 0, 600, "async");
  const items: number[] = [];
  let aborted = 0;
  while (items.length < 600) {
    const controller = new AbortController();
    const getting = queue.get({ signal: controller.signal }).then(
      (item) => void items.push(item),
      (reason: unknown) => {
        assert.equal(reason, "enough");
        aborted++;
      },
    );
    for (let turns = chance.below(4); turns > 0; turns--) await turn();
    controller.abort("enough");
    await getting;
  }
  await producing;
  assert.ok(aborted > 0);
  assert.deepEqual(
    items,
    Array.from({ length: 600 }, (_, i) => i),
  );
  assert.throws(() => queue.getNowait(), QueueEmpty);
});

test("an abort in the very turn in which room comes puts the item or does not", limits, async () => {
  const queue = numbers(1);
  const chance = new Chance(43);
  const consuming = others[0].call(consume, queue, "sync");
  const put: number[] = [];
  let refused = 0;
  for (let i = 0; i < 600; i++) {
    const controller = new AbortController();
    const putting = queue.put(i, { signal: controller.signal }).then(
      () => void put.push(i),
      (reason: unknown) => {
        assert.equal(reason, "enough");
        refused++;
      },
    );
    for (let turns = chance.below(3); turns > 0; turns--) await turn();
    controller.abort("enough");
    await putting;
  }
  await queue.put(-1);
  assert.deepEqual(await consuming, put);
  assert.equal(put.length + refused, 600);
});
