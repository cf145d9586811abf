/** The order in which waiters are woken: in turn for a user's queue, the last one again for a pool's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { claimSlot, registerMain } from "../../src/kernel/registry.js";
import type { SharedMemory } from "../../src/memory/atomics.js";
import { observe } from "../../src/memory/doorbell.js";
import { MAIN_SLOT, Q_GETTERS, WHENCE_CREATED } from "../../src/memory/layout.js";
import { createMemory, openMemory } from "../../src/memory/memory.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { enlist, wakeGetter } from "../../src/kernel/waiters.js";

const memory = createMemory([64]);
const main = openMemory(memory, MAIN_SLOT);
registerMain(main);
const waiters = Array.from({ length: 3 }, () => openMemory(memory, claimSlot(main, WHENCE_CREATED)));

/** Wakes `count` times and returns which waiter was rung each time; it waits again at once. */
function rung(hidden: boolean, count: number): number[] {
  const q = createQueue(main, 0, 0, hidden);
  for (const m of waiters) enlist(m, q, Q_GETTERS);
  return Array.from({ length: count }, () => {
    const before = waiters.map(observe);
    wakeGetter(main, q);
    const who = waiters.findIndex((m: SharedMemory, i) => observe(m) !== before[i]);
    enlist(waiters[who], q, Q_GETTERS);
    return who;
  });
}

test("all who wait at a queue are woken in turn", () => {
  assert.deepEqual(rung(false, 6), [0, 1, 2, 0, 1, 2]);
});

test("of a pool's workers the one that had the last task is woken again", () => {
  assert.deepEqual(rung(true, 4), [0, 0, 0, 0]);
});

test("a pool's worker that is busy is passed over", () => {
  const q = createQueue(main, 0, 0, true);
  for (const m of waiters) enlist(m, q, Q_GETTERS);
  const before = waiters.map(observe);
  for (const _ of waiters) wakeGetter(main, q);
  assert.ok(waiters.every((m, i) => observe(m) !== before[i]));
});
