/** Which of the calls that wait for a promise is refused when their owner blocks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Slot } from "../../src/memory/brands.js";
import { PromisedCalls } from "../../src/thread/promised-calls.js";

const [slot, other] = [3, 4] as Slot[];

/** A call that says when it is refused, as long as its caller is there. */
function call(refused: string[], name: string, isThere = true): () => boolean {
  return () => {
    if (isThere) refused.push(name);
    return isThere;
  };
}

test("the last call of an interpreter is refused first, and each of them once", () => {
  const calls = new PromisedCalls();
  const refused: string[] = [];
  for (const name of ["outer", "inner"]) calls.add(slot, call(refused, name));
  assert.deepEqual([calls.refuse(other), calls.refuse(slot)], [false, true]);
  assert.deepEqual(refused, ["inner"]);
  assert.deepEqual([calls.refuse(slot), calls.refuse(slot)], [true, false]);
  assert.deepEqual(refused, ["inner", "outer"]);
});

test("a call whose caller is gone says nothing about the next interpreter in its slot", () => {
  const calls = new PromisedCalls();
  const refused: string[] = [];
  calls.add(slot, call(refused, "dead", false));
  assert.equal(calls.refuse(slot), false);
  calls.add(slot, call(refused, "living"));
  calls.add(slot, call(refused, "dead", false));
  assert.equal(calls.refuse(slot), true);
  assert.deepEqual(refused, ["living"]);
});

test("an answered call is not refused, and leaves the others", () => {
  const calls = new PromisedCalls();
  const refused: string[] = [];
  const [first, second] = ["first", "second"].map((name) => call(refused, name));
  calls.add(slot, first);
  calls.add(slot, second);
  calls.remove(slot, second);
  calls.remove(slot, second);
  assert.equal(calls.refuse(slot), true);
  assert.deepEqual(refused, ["first"]);
});
