/**
 * An interpreter that is terminated in the middle of its work: from the moment at which others know, nothing that its thread still does is seen.
 * Some runtimes let it run on for a while.
 */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import { create, createQueue, Lock, type Queue, UNBOUND_KEEP } from "interpreters";
import { FACTOR, limits } from "./harness.js";

const ROUNDS = 10 * FACTOR;
/** How often to look whether anything comes after the death. */
const LOOKS = 200;

function putForEver(queue: Queue<number>): void {
  for (let i = 0; ; i++) queue.putNowait(i);
}

function takeForEver(queue: Queue<number>): void {
  for (;;) queue.getSync();
}

function lockForEver(lock: Lock, queue: Queue<number>): void {
  for (let i = 0; ; i++) {
    const held = lock.acquireSync();
    if (i % 100 === 0) queue.putNowait(i);
    held.release();
  }
}

test("a producer that is terminated puts nothing once terminate() has returned", limits, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const queue = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });
    const interp = create();
    const call = interp.call(putForEver, queue);
    call.catch(() => {});
    await queue.get();
    if (round % 2 === 0) interp.terminateSync();
    else await interp.terminate();
    const size = queue.qsize();
    for (let i = 0; i < LOOKS; i++) {
      assert.equal(queue.qsize(), size);
      await turn();
    }
    await assert.rejects(call);
    queue.close();
  }
});

test("a consumer that is terminated takes nothing once its limit has passed", limits, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const queue = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });
    queue.putMany(Array.from({ length: 1000 }, (_, i) => i));
    const interp = create();
    await interp.call(Math.max, 0);
    const call = interp.with({ timeout: 1 + round }).call(takeForEver, queue);
    await assert.rejects(call, { name: "TimeoutError" });
    const size = queue.qsize();
    queue.putNowait(-1);
    for (let i = 0; i < LOOKS; i++) {
      assert.equal(queue.qsize(), size + 1);
      await turn();
    }
    queue.close();
  }
});

test("a lock whose user is terminated comes free, and stays free", limits, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const queue = createQueue<number>();
    const lock = new Lock();
    const interp = create();
    const call = interp.call(lockForEver, lock, queue);
    call.catch(() => {});
    await queue.get();
    await interp.terminate();
    (await lock.acquire()).release();
    for (let i = 0; i < LOOKS; i++) {
      assert.ok(!lock.locked());
      await turn();
    }
    await assert.rejects(call);
  }
});
