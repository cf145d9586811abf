/** Slots, ids and pointers do not compile in place of each other (memory/brands.ts), and are plain numbers at run time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InterpreterId, Owner, Pointer, QueueId, Slot } from "../../src/memory/brands.js";
import { SLOT_WORDS, slotPointer } from "../../src/memory/layout.js";

const slot = 3 as Slot;
const id = 3 as InterpreterId;

test("an id is no slot", () => {
  // @ts-expect-error as an argument
  assert.equal(slotPointer(id), slotPointer(slot));
  // @ts-expect-error nor is any other number
  assert.equal(slotPointer(3), slotPointer(slot));
  // @ts-expect-error one cannot be cast to the other
  assert.equal(slot as InterpreterId, id);
  // @ts-expect-error nor compared with it
  assert.ok(slot === id);
});

test("arithmetic gives a number, whose meaning only a cast decides", () => {
  const next: number = slot + 1;
  // @ts-expect-error a number
  assert.equal(slotPointer(next), slotPointer(slot) + SLOT_WORDS);
  assert.equal(slotPointer(next as Slot), slotPointer(slot) + SLOT_WORDS);
  const owner = (slot + 1) as Owner;
  // @ts-expect-error a slot is no owner
  assert.ok(owner !== slot);
});

test("the id of a queue is not that of an interpreter, and 0 is the only number that is a pointer", () => {
  const queue: QueueId = 3 as QueueId;
  // @ts-expect-error of another kind
  const other: InterpreterId = queue;
  assert.equal(other, id);
  const nowhere: Pointer = 0;
  // @ts-expect-error a number
  const somewhere: Pointer = 1024;
  assert.deepEqual([nowhere, somewhere], [0, 1024]);
});
