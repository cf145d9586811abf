/**
 * Waits that end by a time limit or a signal in the very instant when an item comes, in threads of their own: a waiter that
 * gives up leaves no trace, so that others go on, and each item goes to exactly one place.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { create, createQueue, fromModule, UNBOUND_KEEP } from "interpreters";
import { FACTOR, limits } from "../faults/harness.js";
import { Chance, getters, putters } from "../support/queues.js";
import { until, WATCHDOG } from "../support/processes.js";
import { BESIDE, type Numbers, type Reports, type Way } from "./waiters.js";

const { getAll, putAll } = fromModule<typeof import("./waiters.js")>(new URL("waiters.js", import.meta.url));
const interps = [create(), create(), create()];
after(() => Promise.all(interps.map((interp) => interp.terminate())));

const rounds = 400 * FACTOR;
/** One waiter that stays and two that give up all the time; and waiters of all kinds together. */
const mixtures: Way[][] = [
  ["blocked", "blocked briefly", "blocked briefly"],
  ["blocked", "loop briefly", "aborted"],
  ["loop", "loop briefly", "blocked briefly"],
  ["loop", "aborted", "aborted"],
  ["several", "both", "blocked briefly"],
  ["blocked", "both", "aborted"],
  ["blocked", "loop", "several"],
];

/** A pause of random length: afterwards the others have fallen asleep, or are about to. */
function linger(chance: Chance): void {
  for (let n = chance.pick([0, 0, 1000, 10_000, 100_000]); n > 0; n--);
}

describe("an item that comes as others give up", limits, () => {
  for (const [i, ways] of mixtures.entries()) {
    test(`goes to one who waits: ${ways.join(", ")}`, async () => {
      const queue: Numbers = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });
      const reports: Reports = createQueue<readonly [number, number]>(0, { unboundItems: UNBOUND_KEEP });
      const start = (way: Way, who: number): Promise<void> =>
        interps[who].call(getAll, queue, reports, who, way);
      const first = start(ways[0], 0);
      await until(() => getters(queue) === 1, "the first waits");
      const getting = [first, ...ways.slice(1).map((way, i) => start(way, i + 1))];
      const failing = Promise.race(getting.map((each) => each.then(() => assert.fail("it stopped"))));
      failing.catch(() => {});
      const chance = new Chance(i);
      const got = ways.map(() => 0);
      for (let n = 0; n < rounds;) {
        // Mostly one at a time, so that the next wake-up does not make up for a lost one.
        const several = chance.next() < 0.9 ? 1 : 1 + chance.below(5);
        linger(chance);
        const sent = Array.from({ length: several }, () => n++);
        if (several === 1) queue.putNowait(sent[0]);
        else queue.putManySync(sent);
        const received: number[] = [];
        while (received.length < several) {
          const [who, number] = await Promise.race([reports.get({ timeout: WATCHDOG / 2 }), failing]);
          got[who]++;
          received.push(number);
        }
        assert.deepEqual(
          received.sort((a, b) => a - b),
          sent,
        );
        assert.equal(queue.qsize(), 0);
      }
      queue.shutdown();
      await Promise.all(getting);
      assert.deepEqual([reports.qsize(), getters(queue)], [0, 0]);
      assert.ok(got[0] > 0, `the one that never gives up got nothing: ${got.join()}`);
    });
  }
});

describe("room that comes as others give up", limits, () => {
  for (const [i, ways] of mixtures.entries()) {
    for (const maxsize of [1, 3]) {
      test(`goes to one who waits: ${ways.join(", ")} (maxsize ${maxsize})`, async () => {
        const queue: Reports = createQueue<readonly [number, number]>(maxsize, {
          unboundItems: UNBOUND_KEEP,
        });
        const start = (way: Way, who: number): Promise<void> => interps[who].call(putAll, queue, who, way);
        const first = start(ways[0], 0);
        await until(() => putters(queue) === 1, "the first waits");
        const putting = [first, ...ways.slice(1).map((way, each) => start(way, each + 1))];
        const failing = Promise.race(putting.map((each) => each.then(() => assert.fail("it stopped"))));
        failing.catch(() => {});
        const chance = new Chance(i);
        const next = ways.map(() => 0);
        const take = (item: readonly [number, number]): void => {
          const [who, number] = item;
          if (number !== BESIDE) assert.equal(number, next[who]++, `of ${who} (${ways[who]})`);
        };
        for (let n = 0; n < rounds; n++) {
          linger(chance);
          if (chance.next() < 0.9) take(await Promise.race([queue.get({ timeout: WATCHDOG / 2 }), failing]));
          else for (const item of await queue.getMany(2, { timeout: WATCHDOG / 2 })) take(item);
        }
        queue.shutdown();
        await Promise.all(putting);
        while (!queue.empty()) take(queue.getNowait());
        assert.deepEqual(putters(queue), 0);
        assert.ok(next[0] > 0, `the one that never gives up put nothing: ${next.join()}`);
      });
    }
  }
});
