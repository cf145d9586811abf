/** No waiter starves. Measured in items, not in time. */
import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";
import { create, createQueue, fromModule, listQueues, UNBOUND_KEEP } from "interpreters";
import { FACTOR, limits } from "../faults/harness.js";
import { getters, putters } from "../support/queues.js";
import { until, WATCHDOG } from "../support/processes.js";
import type { Numbers, Reports, Way } from "./waiters.js";

const { getAll, putAll } = fromModule<typeof import("./waiters.js")>(new URL("waiters.js", import.meta.url));
const interps = [create(), create(), create(), create()];
after(() => Promise.all(interps.map((interp) => interp.terminate())));
afterEach(() => {
  for (const queue of listQueues()) queue.close();
});

const rounds = 100 * FACTOR;
const mixtures: Way[][] = [
  ["blocked", "blocked", "blocked", "blocked"],
  ["loop", "loop", "loop", "loop"],
  ["blocked", "loop", "several", "blocked"],
];

const reportsQueue = (maxsize = 0): Reports =>
  createQueue<readonly [number, number]>(maxsize, { unboundItems: UNBOUND_KEEP });
const numbersQueue = (): Numbers => createQueue<number>(0, { unboundItems: UNBOUND_KEEP });

/** Asserts that of `waiters` consecutive turns every waiter had one. */
function assertEverybodysTurn(turns: number[], waiters: number): void {
  for (let i = 0; i + waiters <= turns.length; i++) {
    const window = turns.slice(i, i + waiters);
    assert.equal(new Set(window).size, waiters, `turns ${i} and on were those of ${window.join()}`);
  }
}

for (const ways of mixtures) {
  describe(`of those who wait (${ways.join(", ")}, and this event loop)`, limits, () => {
    const all = ways.length + 1;

    test("each gets an item before anybody gets the next", async () => {
      const [queue, reports] = [numbersQueue(), reportsQueue()];
      const getting = ways.map((way, who) => interps[who].call(getAll, queue, reports, who, way));
      const mine = (): void => {
        queue.get().then(
          (number) => {
            reports.putNowait([ways.length, number]);
            mine();
          },
          () => {},
        );
      };
      mine();
      const turns: number[] = [];
      for (let n = 0; n < rounds; n++) {
        await until(() => getters(queue) === all, "all wait to get");
        queue.putNowait(n);
        const [who, number] = await reports.get({ timeout: WATCHDOG / 2 });
        assert.equal(number, n);
        turns.push(who);
      }
      assertEverybodysTurn(turns, all);
      queue.shutdown();
      await Promise.all(getting);
    });

    test("each puts an item before anybody puts the next", async () => {
      const queue = reportsQueue(1);
      queue.putNowait([-1, -1]);
      const putting = ways.map((way, who) => interps[who].call(putAll, queue, who, way));
      const mine = (n: number): void => {
        queue.put([ways.length, n]).then(
          () => mine(n + 1),
          () => {},
        );
      };
      mine(0);
      const turns: number[] = [];
      for (let n = 0; n < rounds; n++) {
        await until(() => putters(queue) === all && queue.full(), "all wait to put");
        turns.push(queue.getNowait()[0]);
      }
      assertEverybodysTurn(turns.slice(1), all);
      queue.shutdown({ immediate: true });
      await Promise.all(putting);
    });
  });
}

/** The most items that went to other waiters between two of the same one. */
function longestWait(turns: number[], who: number): number {
  let [longest, last] = [0, -1];
  for (const [i, each] of turns.entries()) {
    if (each !== who) continue;
    longest = Math.max(longest, i - last - 1);
    last = i;
  }
  return Math.max(longest, turns.length - last - 1);
}

describe("under load, when some find an item without having to wait", limits, () => {
  const count = 5000;

  test("everybody gets some, again and again", async (t) => {
    const [queue, reports] = [numbersQueue(), reportsQueue()];
    const ways: Way[] = ["blocked", "loop", "several", "both"];
    const getting = ways.map((way, who) => interps[who].call(getAll, queue, reports, who, way));
    await until(() => getters(queue) === ways.length);
    const turns: number[] = [];
    for (let n = 0; n < count;) {
      for (let i = 0; i < 20; i++) queue.putNowait(n++);
      while (turns.length < n) turns.push((await reports.get({ timeout: WATCHDOG / 2 }))[0]);
    }
    queue.shutdown();
    await Promise.all(getting);
    const waits = ways.map((_, who) => longestWait(turns, who));
    t.diagnostic(`longest waits, in items: ${waits.join()}`);
    for (const wait of waits) assert.ok(wait < count, waits.join());
  });

  test("everybody puts some, again and again", async (t) => {
    const queue = reportsQueue(3);
    const ways: Way[] = ["blocked", "loop", "several", "both"];
    const putting = ways.map((way, who) => interps[who].call(putAll, queue, who, way));
    const turns: number[] = [];
    while (turns.length < count) turns.push((await queue.get({ timeout: WATCHDOG / 2 }))[0]);
    queue.shutdown({ immediate: true });
    await Promise.all(putting);
    const waits = ways.map((_, who) => longestWait(turns, who));
    t.diagnostic(`longest waits, in items: ${waits.join()}`);
    for (const wait of waits) assert.ok(wait < count, waits.join());
  });
});
