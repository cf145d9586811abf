/**
 * How the structures do with many processors, in a model that counts how often cache lines move (processors.ts). No clock is looked at: each
 * run gives the same figures on any machine. The ratios asked for leave room for what a change to the code moves; what they exclude is
 * a structure that gets slower the more threads use it.
 */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { idealRing, map, ownQueues, pool, puttersAndGetters, rows, type Run } from "./workloads.js";

const THREADS = [1, 2, 4, 8, 16];

/** Runs the workload with each number of threads, reports all, and returns the rate of the last one against that of the first. */
function scale(t: TestContext, threads: readonly number[], workload: (count: number) => Run): number {
  const runs = threads.map(workload);
  runs.forEach(({ rate, moves, traffic, describe }, i) => {
    const sleeps = (traffic.sleeps / (rate * traffic.time)) * 1e3;
    const figures = `${rate.toFixed(2)} items/µs, ${moves.toFixed(2)} lines moved and ${sleeps.toFixed(3)} sleeps an item`;
    t.diagnostic(`${threads[i]}: ${figures}; most: ${describe()}`);
  });
  return (runs.at(-1) as Run).rate / runs[0].rate;
}

test("interpreters that never meet share no cache line", (t) => {
  const ratio = scale(t, THREADS, (count) => ownQueues(count, 1000));
  assert.ok(ratio > 15.9, `sixteen together are ${ratio.toFixed(1)} times as fast as one`);
  assert.equal(ownQueues(16, 1000).traffic.total, 0);
});

test("pairs, each with a queue of its own, share next to nothing with other pairs", (t) => {
  const ratio = scale(t, [1, 2, 4, 8], (pairs) => puttersAndGetters(pairs, 2000, true));
  assert.ok(ratio > 7, `eight pairs are ${ratio.toFixed(1)} times as fast as one`);
});

test("many putters and getters of one queue carry nearly what one of each carries", (t) => {
  const ratio = scale(t, [1, 2, 4, 8], (count) => puttersAndGetters(count, 2000, false));
  assert.ok(ratio > 0.8, `eight and eight carry ${ratio.toFixed(2)} of what one and one carry`);
});

test("what any queue of many putters and getters is limited to: a line for each side moves with each item", (t) => {
  scale(t, [1, 2, 4, 8], (count) => idealRing(count, 2000));
  assert.ok(idealRing(8, 2000).moves >= 2);
});

test("more workers make empty tasks no slower", (t) => {
  const ratio = scale(t, THREADS, (workers) => pool(workers, 10_000, 0, 1000));
  assert.ok(ratio > 0.95, `sixteen workers are ${ratio.toFixed(2)} times as fast as one`);
});

test("more workers make tasks that carry rows of a database no slower", (t) => {
  const ratio = scale(t, [1, 16], (workers) => rows(workers, 500));
  assert.ok(ratio > 0.98, `sixteen workers are ${ratio.toFixed(2)} times as fast as one`);
});

test("a map over items of 10 µs, until the thread that maps is the limit", (t) => {
  const ratio = scale(t, [1, 16], (workers) => map(workers, 128 * 300, 10_000));
  assert.ok(ratio > 9, `sixteen workers are ${ratio.toFixed(1)} times as fast as one`);
});

test("tasks of 1 ms, eight in flight for each worker", (t) => {
  const ratio = scale(t, [1, 16], (workers) => pool(workers, 500, 1_000_000, 8 * workers));
  assert.ok(ratio > 14.5, `sixteen workers are ${ratio.toFixed(1)} times as fast as one`);
});

test("tasks of 10 µs, until the submitter is the limit", (t) => {
  const ratio = scale(t, THREADS, (workers) => pool(workers, 5000, 10_000, 1000));
  assert.ok(ratio > 10, `sixteen workers are ${ratio.toFixed(1)} times as fast as one`);
});

test("tasks of 100 µs, eight in flight for each worker", (t) => {
  const ratio = scale(t, THREADS, (workers) => pool(workers, 2000, 100_000, 8 * workers));
  assert.ok(ratio > 15, `sixteen workers are ${ratio.toFixed(1)} times as fast as one`);
});
